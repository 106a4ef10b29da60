import { PAGE_BYTES_MAX } from '../protocol/channel.ts';
import type { AssetPlace, AssetSnapshot } from '../protocol/institution.ts';
import { plainBytes } from '../protocol/plain-data.ts';

/** About what a value takes on the wire. */
const bytesOf = (value: unknown) => plainBytes(value) ?? 0;

/** Whether a snapshot may be told in one frame. */
export const isTellable = (snapshot: AssetSnapshot) => bytesOf(snapshot) <= PAGE_BYTES_MAX;

/** One answer's worth of snapshots: filled asset by asset, until {@link PAGE_BYTES_MAX}. */
export class AssetPage {
	readonly snapshots: AssetSnapshot[] = [];
	/** Where it was full. */
	next: AssetPlace | undefined;
	#bytes = 0;

	get isFull(): boolean {
		return this.next !== undefined;
	}

	/** Adds what there is room for, from an asset on; at least one asset of the first. */
	add(snapshot: AssetSnapshot, from = 0): void {
		const { institution, version, assets } = snapshot;
		this.#bytes += bytesOf({ ...snapshot, assets: [] });
		let to = from;
		for (; to < assets.length; to++) {
			const bytes = bytesOf(assets[to]);
			const isFirst = this.snapshots.length === 0 && to === from;
			if (this.#bytes + bytes > PAGE_BYTES_MAX && !isFirst) break;
			this.#bytes += bytes;
		}
		this.snapshots.push({ ...snapshot, assets: assets.slice(from, to) });
		if (to < assets.length) this.next = { institution, part: { version, from: to } };
		else if (this.#bytes >= PAGE_BYTES_MAX) this.next = { institution };
	}
}
