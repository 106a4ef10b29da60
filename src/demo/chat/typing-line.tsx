import type { Channel } from '../../../client-sdk/src/index.ts';
import { type Client, useClient } from '../client.ts';
import { texts } from '../language.ts';
import { useTyping } from './use-typing.ts';

function typingText(typing: readonly string[], { people }: Client): string {
	const [one, other] = typing.map((userId) => people.nameOf(userId));
	if (one === undefined) return '';
	if (other === undefined) return texts.typingOne(one);
	return typing.length === 2 ? texts.typingTwo(one, other) : texts.typingMany(typing.length);
}

/** Who is typing; its place is kept, so that nothing jumps. */
export function TypingLine({ channel }: { readonly channel: Channel }) {
	const client = useClient();
	const text = typingText(useTyping(channel), client);
	return (
		<p class="typing" aria-live="off">
			{text !== '' && (
				<>
					<span class="typing-dots" aria-hidden="true">
						<i />
						<i />
						<i />
					</span>
					{text}
				</>
			)}
		</p>
	);
}
