import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
	type InstitutionSimulator,
	startInstitutionSimulator,
} from '../../src/simulators/institution/server.ts';
import type { SettingsOver } from './institutions.ts';

const SETTINGS = new URL('../../src/institutions/institutions.json', import.meta.url);

/** A call as an institution has seen it. */
export interface SeenCall {
	readonly at: number;
	readonly api: string;
	readonly userId: string;
	readonly transactionId: string;
	readonly status: number;
}

/** Consent of a user for a day. */
export const dayConsent = () => ({
	scopes: ['assets' as const],
	expiresAt: Date.now() + 86_400_000,
});

/** Which node made a call, by its transaction id (I5). */
export const nodeOf = ({ transactionId }: Pick<SeenCall, 'transactionId'>) =>
	/n(\d+)$/.exec(transactionId)?.[1] ?? '';

/** The simulated institutions over real sockets, and settings of nodes that call them. */
export class SimulatedBanks {
	/** Settings of a node. */
	readonly env: Readonly<Record<string, string>>;
	readonly #simulator: InstitutionSimulator;
	readonly #directory: string;

	private constructor(simulator: InstitutionSimulator, over: SettingsOver) {
		this.#simulator = simulator;
		this.#directory = mkdtempSync(join(tmpdir(), 'naru-banks-'));
		const INSTITUTIONS_FILE = join(this.#directory, 'institutions.json');
		writeFileSync(INSTITUTIONS_FILE, settingsWith(over));
		this.env = { INSTITUTIONS_URL: simulator.url, INSTITUTIONS_FILE, SIMULATORS: 'off' };
	}

	/** `over`: what all institutions have instead of the defaults, part by part. */
	static async start(over: SettingsOver = {}): Promise<SimulatedBanks> {
		const simulator = await startInstitutionSimulator({ port: 0, host: '127.0.0.1' });
		return new SimulatedBanks(simulator, over);
	}

	get url(): string {
		return this.#simulator.url;
	}

	/** Disturbs an institution, `*` for all. */
	async control(institution: string, faults: object): Promise<void> {
		const answer = await fetch(`${this.url}/control`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ institution, ...faults }),
		});
		if (!answer.ok) throw new Error(`the simulator refused: ${await answer.text()}`);
	}

	/** What an institution has seen, the oldest first. */
	async calls(institution: string): Promise<readonly SeenCall[]> {
		const answer = await fetch(`${this.url}/calls?institution=${institution}`);
		return (await answer.json()) as SeenCall[];
	}

	async close(): Promise<void> {
		await this.#simulator.close();
		rmSync(this.#directory, { recursive: true, force: true });
	}
}

interface SettingsFile {
	readonly defaults: Readonly<Record<string, unknown>>;
}

function settingsWith(over: SettingsOver): string {
	const file = JSON.parse(readFileSync(SETTINGS, 'utf8')) as SettingsFile;
	const defaults = Object.fromEntries(
		Object.entries({ ...file.defaults, ...over }).map(([name, value]) => {
			const before = file.defaults[name];
			const isPlain = typeof value === 'object' && typeof before === 'object';
			return [name, isPlain ? { ...before, ...value } : value];
		}),
	);
	return JSON.stringify({ ...file, defaults });
}
