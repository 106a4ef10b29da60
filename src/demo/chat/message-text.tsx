import { useState } from 'preact/hooks';
import { userIdOf } from '../account.ts';
import { texts } from '../language.ts';

/** A longer text is folded. */
const FOLD_LENGTH = 1_500;
const PARTS = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]|(?<![\p{L}\p{N}])@[\p{L}\p{N}_-]+)/u;

/** A text with its links and mentions; nothing in it is taken as markup. */
export function MessageText({ text, self }: { readonly text: string; readonly self: string }) {
	const [isWhole, setWhole] = useState(text.length <= FOLD_LENGTH);
	const shown = isWhole ? text : `${text.slice(0, FOLD_LENGTH)}…`;
	// Split by a group: every second part is a link or a mention.
	const parts = shown.split(PARTS).map((part, at) => {
		if (at % 2 === 0) return part;
		if (part.startsWith('@')) {
			const isOwn = userIdOf(part.slice(1)) === self;
			return <span class={isOwn ? 'mention own' : 'mention'}>{part}</span>;
		}
		return (
			<a href={part} target="_blank" rel="noreferrer noopener">
				{part}
			</a>
		);
	});
	return (
		<span class="text">
			{parts}
			{!isWhole && (
				<button type="button" class="plain small" onClick={() => setWhole(true)}>
					{texts.showAll}
				</button>
			)}
		</span>
	);
}
