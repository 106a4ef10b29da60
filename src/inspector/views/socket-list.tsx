import { useState } from 'preact/hooks';
import type { SocketLine } from '../../../client-sdk/src/generated/schemas.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { count, duration, size } from '../numbers.ts';
import { LiveState } from '../parts/live-state.tsx';
import { PageButtons, usePages } from '../parts/pages.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { socketHref } from '../route.ts';
import { useLive } from '../use-live.ts';

const LIMIT = 50;
/** What the server takes for a user id. */
const USER_ID = /^[A-Za-z0-9_-]{1,64}$/;

const columns = (node: string): Column<SocketLine>[] => [
	{ name: texts.socket, show: ({ id }) => <a href={socketHref(node, id)}>{id}</a> },
	{ name: texts.user, show: ({ user }) => <code>{user ?? '–'}</code> },
	{ name: texts.device, isMinor: true, show: ({ device }) => <code>{device}</code> },
	{ name: texts.platform, isMinor: true, show: ({ platform }) => platform },
	{ name: texts.handles, isNumber: true, show: ({ handles }) => count(handles) },
	{ name: texts.queued, isNumber: true, show: ({ bytesQueued }) => size(bytesQueued) },
	{ name: texts.silent, isNumber: true, isMinor: true, show: ({ silentMs }) => duration(silentMs) },
	{ name: texts.behind, isNumber: true, isMinor: true, show: ({ behindMs }) => duration(behindMs) },
];

/** The client sockets of a node, one page of them. */
export function SocketList({ node }: { readonly node: string }) {
	const { ops } = useClient();
	const [userId, setUserId] = useState<string>();
	const pages = usePages();
	const { after } = pages;
	const ask = () => ops.sockets({ node, userId, after, limit: LIMIT });
	const live = useLive(ask, `${userId} ${after}`);
	const { value } = live;
	const search = (event: Event) => {
		const text = (event.currentTarget as HTMLInputElement).value.trim();
		pages.go(undefined);
		setUserId(USER_ID.test(text) ? text : undefined);
	};
	return (
		<section aria-label={texts.sockets}>
			<label class="filter">
				{texts.userIs}
				<input
					name="userId"
					autocomplete="off"
					autocapitalize="off"
					spellcheck={false}
					onInput={search}
				/>
			</label>
			{value && (
				<>
					<Table
						label={texts.sockets}
						columns={columns(node)}
						rows={value.sockets}
						keyOf={({ id }) => id}
					/>
					<PageButtons pages={pages} next={value.next} />
				</>
			)}
			<LiveState live={live} />
		</section>
	);
}
