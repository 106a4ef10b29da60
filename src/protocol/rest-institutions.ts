/** The routes of institutions, a part of the REST API. */
import { z } from 'zod';
import { idSchema } from './ids.ts';
import { institutionContract, institutionInfoSchema } from './institution.ts';
import { defineRoute } from './rest-route.ts';

const institutionParams = z.object({ id: idSchema });
const { circuit, route, rate } = institutionContract.commands;

const sharesByHour = z.array(z.number().min(0).max(1)).length(24).readonly();

export const INSTITUTION_ROUTES = {
	listInstitutions: defineRoute({
		method: 'GET',
		path: '/api/v1/institutions',
		summary: 'All institutions, and how each stands as this node heard last',
		access: 'user',
		reply: z.array(institutionInfoSchema),
	}),
	getInstitution: defineRoute({
		method: 'GET',
		path: '/api/v1/institutions/{id}',
		summary: 'How one institution stands: its circuit, its health, the calls of the last minute',
		access: 'user',
		params: institutionParams,
		reply: institutionInfoSchema,
	}),
	trafficOfInstitutions: defineRoute({
		method: 'GET',
		path: '/api/v1/ops/institutions/traffic',
		summary: 'Calls of today by industry against the same weekday last week up to the same hour',
		access: ['ops'],
		reply: z.array(
			z.object({
				industry: z.string(),
				today: z.int(),
				lastWeek: z.int(),
				/** Absent: there was nothing last week. */
				growth: z.number().optional(),
				/** Beyond 1.5 times. */
				isMarked: z.boolean(),
			}),
		),
	}),
	rehearseInstitution: defineRoute({
		method: 'POST',
		path: '/api/v1/dev/refresh-rehearsals',
		summary: 'Runs an hour of tonight’s refresh in two minutes, in development only',
		access: 'anyone',
		developmentOnly: true,
		body: z.object({ institution: idSchema }),
		/** The id of its plan: `refresh-plan/<plan>`. */
		reply: z.object({ plan: idSchema }),
	}),
	expectedOfInstitution: defineRoute({
		method: 'GET',
		path: '/api/v1/ops/institutions/{id}/expected',
		summary:
			'What is expected of users, by kind of day and hour, and how many measured days say so',
		access: ['ops'],
		params: institutionParams,
		reply: z.object({
			/** Settings: too few days were measured. */
			by: z.enum(['measured', 'settings']),
			days: z.int(),
			/** Share of the contract’s rate in each local hour. */
			hours: z.object({ rest: sharesByHour, trading: sharesByHour, payDay: sharesByHour }),
		}),
	}),
	boardOfInstitution: defineRoute({
		method: 'GET',
		path: '/api/v1/institutions/{id}/board',
		summary: 'All that is known of one institution: calls by node and minute, canaries, permits',
		access: ['ops'],
		params: institutionParams,
		reply: z.record(z.string(), z.unknown()),
	}),
	setInstitutionCircuit: defineRoute({
		method: 'POST',
		path: '/api/v1/institutions/{id}/circuit',
		summary: 'Forces the circuit open or closed for all nodes, or gives it back to its rules',
		access: ['ops'],
		params: institutionParams,
		body: circuit.args,
		reply: circuit.reply,
	}),
	setInstitutionRoute: defineRoute({
		method: 'POST',
		path: '/api/v1/institutions/{id}/route',
		summary: 'Sends calls over the first route, or the secondary one where there is one',
		access: ['ops'],
		params: institutionParams,
		body: route.args,
		reply: route.reply,
	}),
	setInstitutionRate: defineRoute({
		method: 'POST',
		path: '/api/v1/institutions/{id}/rate',
		summary: 'Sets how many calls a second the institution allows, over all nodes together',
		access: ['ops'],
		params: institutionParams,
		body: rate.args,
		reply: rate.reply,
	}),
};
