/** Does what sales ask of their node: calls to providers, and methods of payment that are forgotten. */
import type {
	Forgotten,
	PaymentCaller,
	PaymentErrand,
	PaymentResult,
} from '../../actors/ticket-event/payment-port.ts';
import type { IntentPorts } from '../core/intent-runner.ts';
import type { Journal } from '../core/journal.ts';
import type { ActorKey } from '../protocol/ids.ts';

export interface PaymentErrandsOptions {
	/** Where methods of payment stand, and are taken out. */
	readonly journal: Pick<Journal, 'read' | 'redact'>;
	readonly call: PaymentCaller;
}

/** An event with a method; the token is empty when it is forgotten. */
type WithMethod = { readonly methodToken?: string } & object;

/** What the event at a position says. */
async function dataAt(
	{ journal }: PaymentErrandsOptions,
	actor: ActorKey,
	position: number,
): Promise<WithMethod> {
	const from = { position: position - 1 };
	const { records } = await journal.read(actor, from, { bytesMax: 1, recordsMax: 1 });
	const [record] = records;
	const event = record?.events.at(position - 1 - record.position);
	return (event?.data ?? {}) as WithMethod;
}

async function forget(
	options: PaymentErrandsOptions,
	actor: ActorKey,
	positions: readonly number[],
): Promise<Forgotten> {
	for (const position of positions) {
		const data = await dataAt(options, actor, position);
		// What was forgotten before a crash, or is no method, stays as it is.
		if (!data.methodToken) continue;
		await options.journal.redact(actor, position, { ...data, methodToken: '' });
	}
	return { outcome: 'done', positions };
}

/**
 * The intent port of ticket events, to be registered under `PAYMENT_PORT`. Rejects only while the
 * journal cannot be read: then nothing was sent.
 */
export const paymentErrands =
	(options: PaymentErrandsOptions): IntentPorts[string] =>
	async (_id, args, actor): Promise<PaymentResult | Forgotten> => {
		const errand = args as PaymentErrand;
		if (errand.op === 'forget') return forget(options, actor, errand.positions);
		if (errand.op !== 'authorise') return options.call(errand);
		const { methodAt, ...asked } = errand;
		const { methodToken } = await dataAt(options, actor, methodAt);
		// An owner that was deposed may ask when the next one is through with it.
		return methodToken ? options.call({ ...asked, methodToken }) : { outcome: 'unsent' };
	};
