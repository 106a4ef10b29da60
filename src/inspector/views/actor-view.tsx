import type { ActorPicture, EventLine } from '../../../client-sdk/src/generated/schemas.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { count, duration, time } from '../numbers.ts';
import { DeedButton } from '../parts/deed-button.tsx';
import { type FactList, Facts } from '../parts/facts.tsx';
import { figuresText } from '../parts/figures-text.ts';
import { LiveState } from '../parts/live-state.tsx';
import { StateTree } from '../parts/state-tree.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { actorsHref } from '../route.ts';
import { useLive } from '../use-live.ts';

const COLUMNS: readonly Column<EventLine>[] = [
	{ name: texts.position, isNumber: true, show: ({ position }) => count(position) },
	{ name: texts.type, show: ({ type }) => type },
	{ name: texts.at, show: ({ at }) => time(at) },
	{ name: texts.by, show: ({ by }) => <code>{by ?? '–'}</code> },
	{ name: texts.commit, isNumber: true, isMinor: true, show: ({ commit }) => count(commit) },
];

function factsOf({ live, node, position, writer }: ActorPicture): FactList {
	return [
		[
			texts.owner,
			node === undefined ? texts.asleep : <a href={actorsHref(node)}>{texts.node(node)}</a>,
		],
		[texts.phase, live?.phase],
		[texts.position, count(position)],
		[texts.epoch, live && count(live.epoch)],
		[texts.commit, live?.commit === undefined ? undefined : count(live.commit)],
		[texts.snapshot, live?.snapshotCommit ? count(live.snapshotCommit) : undefined],
		[texts.waits, live && count(live.waiting)],
		[texts.edges, live && (live.edges.map(texts.node).join(', ') || '–')],
		[texts.idle, live && duration(live.idleMs)],
		[texts.figures, live && figuresText(live.figures)],
		[texts.writer, <code key="writer">{writer}</code>],
	];
}

function LastEvents({ events }: Pick<ActorPicture, 'events'>) {
	return (
		<section>
			<h2>{texts.lastEvents}</h2>
			{events === undefined ? (
				<p class="note warn">{texts.noEvents}</p>
			) : (
				<Table
					label={texts.lastEvents}
					columns={COLUMNS}
					rows={[...events].reverse()}
					keyOf={({ position }) => position}
				/>
			)}
		</section>
	);
}

function MaskedState({ live }: Pick<ActorPicture, 'live'>) {
	if (live === undefined) return <p class="note">{texts.asleepHint}</p>;
	return (
		<section>
			<h2>{texts.state}</h2>
			{live.state === undefined ? (
				<p class="note warn">{texts.busyHint}</p>
			) : (
				<>
					<p class="note">{texts.masked}</p>
					<StateTree value={live.state} />
				</>
			)}
		</section>
	);
}

/** One actor, wherever it lives. */
export function ActorView({ actorKey }: { readonly actorKey: string }) {
	const { ops } = useClient();
	const live = useLive(() => ops.actor({ key: actorKey }), actorKey);
	const { value, error } = live;
	const isGone = error === 'NOT_FOUND';
	return (
		<main class="view">
			<div class="view-head">
				<h1>{actorKey}</h1>
				{value?.isAwake === true && (
					<DeedButton
						name={texts.sleep}
						confirm={texts.sleepConfirm}
						done={texts.slept}
						act={() => ops.sleep({ key: actorKey })}
					/>
				)}
			</div>
			<LiveState live={live} />
			{value && !isGone && (
				<>
					<Facts facts={factsOf(value)} />
					<div class="columns">
						<MaskedState live={value.live} />
						<LastEvents events={value.events} />
					</div>
				</>
			)}
		</main>
	);
}
