import type { Shown } from '../../src/core/actor-kind.ts';
import { ASSETS_READER } from '../../src/protocol/user.ts';
import type { RegistrationEvent } from './registration-events.ts';

/** Told to the service `assets/me` of each node, which tells the user's devices; not to the inbox. */
const audience = [ASSETS_READER];

const told = (type: string, data: unknown): Shown => ({ type, data, audience });

/** What the nodes that serve a user's assets are told of one event. */
export function showRegistration({ type, data }: RegistrationEvent): readonly Shown[] {
	switch (type) {
		case 'jobStarted':
		case 'jobEnded':
			return [told('job', data.job)];
		case 'stepped':
			return data.jobs.map((jobId) => told('step', { jobId, step: data.step }));
		case 'recorded':
			return [told('recorded', { institution: data.institution, version: data.version })];
		case 'withdrawn':
			return data.reason === 'withdrawn'
				? [told('gone', { institution: data.institution, version: data.version })]
				: [];
		case 'refreshed': {
			const { institution, transactionId, code, retryAfterMs } = data;
			const refusal = code === undefined ? {} : { code };
			const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
			return [told('refreshed', { institution, transactionId, ...refusal, ...wait })];
		}
		default:
			return [];
	}
}
