import type { Log } from '../core/log.ts';
import type { Runtime } from '../core/runtime.ts';

type Level = 'warn' | 'error';

/** What came since the last line of its kind. */
interface Kind {
	readonly level: Level;
	readonly message: string;
	fields: object;
	times: number;
}

const WINDOW_MS = 1_000;
/** Kinds of lines that are held at a time; what is beyond is written as it comes. */
const KINDS_MAX = 1_000;

/** A log whose complaints are bounded. */
export interface GatheredLog extends Log {
	/** Writes what is held; for the end of the process. */
	flush(): void;
}

/**
 * Writes the first complaint of a kind (level, message, reason, code of the error) at once, and those
 * that follow within a second as one line with the fields of the last and how many `times` it stands
 * for. A store that goes away under a million actors is a few lines a second. What is no complaint
 * (`info`, `debug`) passes as it is.
 */
export function gatherComplaints(log: Log, runtime: Pick<Runtime, 'after'>): GatheredLog {
	const kinds = new Map<string, Kind>();
	const write = ({ level, message, fields, times }: Kind) =>
		log[level]({ ...fields, times }, message);
	const hold = (name: string, kind: Kind) => {
		kinds.set(name, kind);
		runtime.after(WINDOW_MS, () => {
			kinds.delete(name);
			if (kind.times === 0) return;
			write(kind);
			hold(name, { ...kind, times: 0 });
		});
	};
	const complain = (level: Level) => (fields: object, message: string) => {
		const name = kindOf(level, fields, message);
		const held = kinds.get(name);
		if (held !== undefined) {
			held.fields = fields;
			held.times++;
			return;
		}
		log[level](fields, message);
		if (kinds.size < KINDS_MAX) hold(name, { level, message, fields, times: 0 });
	};
	return {
		debug: (fields, message) => log.debug(fields, message),
		info: (fields, message) => log.info(fields, message),
		warn: complain('warn'),
		error: complain('error'),
		flush() {
			for (const kind of kinds.values()) {
				if (kind.times > 0) write(kind);
				kind.times = 0;
			}
		},
	};
}

function kindOf(level: Level, fields: object, message: string): string {
	const { err, reason = '' } = fields as { readonly err?: unknown; readonly reason?: unknown };
	const { code, name = '' } = (err ?? {}) as { readonly code?: unknown; readonly name?: unknown };
	return `${level} ${message} ${String(reason)} ${String(code ?? name)}`;
}
