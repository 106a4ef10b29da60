import { useEffect, useState } from 'preact/hooks';
import type { Message } from '../../../client-sdk/src/index.ts';
import { texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import type { MessageActions } from './message-actions.ts';

const EMOJI = ['👍', '❤️', '😂', '🎉', '🙏'];
const CONFIRM_MS = 4_000;

interface ToolbarProps {
	readonly message: Message;
	readonly isOwn: boolean;
	readonly mayDelete: boolean;
	readonly actions: MessageActions;
}

/** Asks again before it deletes, on the same spot. */
function DeleteButton({ onDelete }: { readonly onDelete: () => void }) {
	const [isSure, setSure] = useState(false);
	useEffect(() => {
		if (!isSure) return;
		const timer = setTimeout(() => setSure(false), CONFIRM_MS);
		return () => clearTimeout(timer);
	}, [isSure]);
	return isSure ? (
		<button type="button" class="tool danger" data-action="delete-confirm" onClick={onDelete}>
			{texts.deleteConfirm}
		</button>
	) : (
		<button
			type="button"
			class="tool"
			title={texts.delete}
			aria-label={texts.delete}
			data-action="delete"
			onClick={() => setSure(true)}
		>
			<Icon name="trash" />
		</button>
	);
}

/** What can be done with the message one points at. */
export function MessageToolbar({ message, isOwn, mayDelete, actions }: ToolbarProps) {
	const [isPicking, setPicking] = useState(false);
	const pick = (emoji: string) => {
		actions.react(message, emoji);
		setPicking(false);
	};
	return (
		<div class="toolbar" role="toolbar" aria-label={texts.messages}>
			{isPicking &&
				EMOJI.map((emoji) => (
					<button
						key={emoji}
						type="button"
						class="tool emoji"
						aria-pressed={message.mine?.includes(emoji) ?? false}
						onClick={() => pick(emoji)}
					>
						{emoji}
					</button>
				))}
			<button
				type="button"
				class="tool"
				title={isPicking ? texts.cancel : texts.react}
				aria-label={isPicking ? texts.cancel : texts.react}
				data-action="react"
				onClick={() => setPicking(!isPicking)}
			>
				<Icon name={isPicking ? 'close' : 'smile'} />
			</button>
			{!isPicking && (
				<>
					<button
						type="button"
						class="tool"
						title={texts.reply}
						aria-label={texts.reply}
						data-action="reply"
						onClick={() => actions.reply(message)}
					>
						<Icon name="reply" />
					</button>
					{isOwn && (
						<button
							type="button"
							class="tool"
							title={texts.edit}
							aria-label={texts.edit}
							data-action="edit"
							onClick={() => actions.edit(message)}
						>
							<Icon name="edit" />
						</button>
					)}
					{mayDelete && <DeleteButton onDelete={() => actions.remove(message)} />}
				</>
			)}
		</div>
	);
}
