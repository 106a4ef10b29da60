import { PAYMENT_PORT, type PaymentCaller } from '../../actors/ticket-event/payment-port.ts';
import type { Journal } from '../../src/core/journal.ts';
import { paymentErrands } from '../../src/tickets/payment-errands.ts';

/** What a node does for its sales, with a provider of the test; the journal may come later. */
export const paymentPort = (
	journal: () => Pick<Journal, 'read' | 'redact'>,
	call: PaymentCaller,
) => ({
	[PAYMENT_PORT]: paymentErrands({
		journal: {
			read: (...asked) => journal().read(...asked),
			redact: (...asked) => journal().redact(...asked),
		},
		call,
	}) as NonNullable<ReturnType<typeof paymentErrands>>,
});
