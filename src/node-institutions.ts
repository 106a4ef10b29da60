/** Composition of institutions: their circuits and permits, the calls to them, and users' assets. */
import { institutionKind } from '../actors/institution/institution-kind.ts';
import { refreshPlanKind } from '../actors/refresh-plan/refresh-plan-kind.ts';
import { INSTITUTION_PORT } from '../actors/user/institution-port.ts';
import { httpInstitutionTransport } from './adapters/http/institution-transport.ts';
import { type Config, settingsFor } from './config.ts';
import type { ActorKind } from './core/actor-kind.ts';
import type { ActorPort } from './core/actor-port.ts';
import type { IntentPorts } from './core/intent-runner.ts';
import { assetsService } from './institutions/assets-service.ts';
import { CALL_DAYS } from './institutions/call-days.ts';
import { CALLS, CallHistory } from './institutions/call-history.ts';
import { callSeries } from './institutions/call-series.ts';
import { sweepCalls } from './institutions/call-sweep.ts';
import { createGuardedCalls } from './institutions/guarded-calls.ts';
import { type InstitutionWatch, openInstitutionWatch } from './institutions/institution-watch.ts';
import { Leveller } from './institutions/leveller/leveller.ts';
import { refreshAssets } from './institutions/refresh-assets.ts';
import { registrationPort } from './institutions/registration-port.ts';
import { type Institutions, readInstitutions } from './institutions/settings.ts';
import { trafficReport } from './institutions/traffic-report.ts';
import { openVault, type Vault, vaultSeries } from './institutions/vault.ts';
import type { Feature, FeatureGround, FeatureParts, OpenedFeature } from './node-features.ts';
import type { ActorKey } from './protocol/ids.ts';

/** Reads the institutions' settings; what they leave out without an address is not served. */
const institutionsOf = ({ outside }: Config): Institutions =>
	readInstitutions({
		file: outside.institutionsFile,
		simulatorUrl: outside.institutionsUrl,
		env: settingsFor({}),
	});

/** Calls that wait until there is somebody to make them. */
const later =
	(port: Promise<IntentPorts[string]>): IntentPorts[string] =>
	(id, args, actor) =>
		port.then((call) => call(id, args, actor));

/** Institutions (I1–I24); where none are set, users have assets of nobody. */
export const institutionFeature = (): Feature => ({
	kinds: [institutionKind, refreshPlanKind] as unknown as ActorKind[],
	collections: [CALLS, CALL_DAYS],
	prepare(ground) {
		const institutions = institutionsOf(ground.config);
		const port = Promise.withResolvers<IntentPorts[string]>();
		const plans = levellerOf(ground, institutions);
		return {
			intents: {
				[INSTITUTION_PORT]: later(port.promise),
				'refresh-plan': plans.leveller.port,
			},
			open: (parts) => openInstitutions({ ground, parts, institutions, plans, port: port.resolve }),
		};
	},
});

/** Keeps the plans; it is told of the way to users' actors when there is one. */
function levellerOf({ store, runtime, log }: FeatureGround, institutions: Institutions) {
	const refresh = Promise.withResolvers<ReturnType<typeof refreshAssets>>();
	const leveller = new Leveller({
		...{ institutions, reads: store, runtime, log },
		refresh: async (...target) => (await refresh.promise)(...target),
	});
	const open = (actors: ActorPort, watch: Pick<InstitutionWatch, 'perSecond'>) => {
		refresh.resolve(refreshAssets({ actors, runtime }));
		leveller.open(actors, (institution) => watch.perSecond(institution));
	};
	return { leveller, open };
}

/** Ends calls that are old enough, where the store does not do it by itself. */
function keepsCalls(
	{ config, store, runtime, log, node }: FeatureGround,
	institutions: Institutions,
) {
	if (config.cluster !== undefined) return () => {};
	const keepDays = config.lifetimes.calls ?? Number.MAX_SAFE_INTEGER;
	return sweepCalls({ store, runtime, log, node, institutions, keepDays });
}

interface Opening {
	readonly ground: FeatureGround;
	readonly parts: FeatureParts;
	readonly institutions: Institutions;
	readonly plans: ReturnType<typeof levellerOf>;
	readonly port: (port: IntentPorts[string]) => void;
}

function openInstitutions({ ground, parts, institutions, plans, port }: Opening): OpenedFeature {
	const { config, secret, journal, store, runtime, log, node } = ground;
	const { actors, feed, announcements } = parts;
	const transport = httpInstitutionTransport({ institutions, runtime });
	const watch = openInstitutionWatch({ actors, runtime, log, node, institutions });
	const history = new CallHistory({ store, runtime, log, node, institutions });
	const { circuit, permits } = watch;
	const stopSweep = keepsCalls(ground, institutions);
	const calls = createGuardedCalls({
		...{ institutions, transport, circuit, permits, history, runtime, log, node },
	});
	let uses: Vault['uses'] = new Map();
	if (institutions.all.length > 0) {
		const vault = openVault({ tokenKeys: config.outside.tokenKeys, authSecret: secret });
		const owns = (key: ActorKey) => parts.awake.has(key) && parts.mayServe();
		port(registrationPort({ calls, vault, runtime, journal, log, actors, owns }));
		({ uses } = vault);
	}
	plans.open(actors, watch);
	const assets = assetsService({
		...{ actors, reads: store, feed, announcements, runtime },
		settle: () => feed.settle(),
		institutions: () => watch.infos(),
	});
	return {
		services: [assets],
		rest: {
			institutions: () => watch.infos(),
			...(config.development && { rehearse: (id) => plans.leveller.rehearse(id) }),
			expectedTraffic: (id) => plans.leveller.expected(id),
			institutionTraffic: () =>
				trafficReport({
					...{ reads: store, now: runtime.now() },
					utcOffsetMinutes: institutions.utcOffsetMinutes,
				}),
		},
		series: [...callSeries({ calls, watch, history }), vaultSeries({ uses })],
		async close() {
			stopSweep();
			plans.leveller.close();
			assets.close();
			calls.close();
			watch.close();
			await transport.close();
			await history.close();
		},
	};
}
