import { useEffect, useState } from 'preact/hooks';
import { NaruError } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { useStatus } from '../page/use-status.ts';

const EVERY_MS = 2_000;

/** Where things are, among several nodes. */
export interface Where {
	/** The node that holds this page's socket. */
	readonly node: string;
	/** The node that owns the channel; absent while nobody does. */
	readonly owner?: string | undefined;
}

/** `undefined`: nobody could say just now. */
const refusalOf = (error: unknown) =>
	error instanceof NaruError && error.code === 'FORBIDDEN' ? 'refused' : undefined;

/**
 * Which nodes one has to do with; `undefined` on an only node, and on servers that are not in
 * development: those tell only operators.
 */
export function useWhere(channelId: string): Where | undefined {
	const { naru, account } = useClient();
	const { status } = useStatus();
	const [where, setWhere] = useState<Where>();

	useEffect(() => {
		// A pasted token: the server makes none, so it is not in development.
		if (status !== 'online' || account.token !== undefined) return;
		let timer: ReturnType<typeof setTimeout> | undefined;
		let isOver = false;
		const ask = async () => {
			const found = await naru.ops.where({ key: `channel/${channelId}` }).catch(refusalOf);
			if (isOver) return;
			const isOne = found === 'refused' || (found !== undefined && found.nodes < 2);
			if (isOne) naru.ops.close();
			else timer = setTimeout(again, EVERY_MS);
			if (found !== undefined) setWhere(isOne ? undefined : found);
		};
		const again = () => {
			if (document.visibilityState === 'visible') void ask();
			else timer = setTimeout(again, EVERY_MS);
		};
		void ask();
		return () => {
			isOver = true;
			clearTimeout(timer);
		};
	}, [naru, account, channelId, status]);

	return where;
}
