import { NaruError } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { errorText, say } from '../page/notify.tsx';

/** Says what a refusal of a sale means: its codes mean other things than those of a chat. */
export function notifyTicket(error: unknown): void {
	const own = error instanceof NaruError ? texts.tickets.errors[error.code] : undefined;
	say(own ?? errorText(error));
}
