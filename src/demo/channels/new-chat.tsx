import { useEffect, useRef, useState } from 'preact/hooks';
import type { Channel } from '../../../client-sdk/src/index.ts';
import { userIdOf } from '../account.ts';
import { type Client, useClient } from '../client.ts';
import { texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { errorText } from '../page/notify.tsx';
import { channelHref, goTo } from '../route.ts';

type What = 'direct' | 'open' | 'group';

const NAME_LENGTH_MAX = 100;

/** People by the names that were typed; the page knows them by these names from now on. */
function idsOf(names: string, { people }: Client): string[] {
	const typed = names.split(',').map((name) => name.trim());
	const named = typed.filter((name) => name !== '');
	return named.map((name) => {
		const userId = userIdOf(name);
		people.learn({ userId, name });
		return userId;
	});
}

function make(what: What, form: FormData, client: Client): Promise<Channel> {
	const name = String(form.get('name') ?? '').trim();
	const { channels } = client.naru;
	if (what === 'direct') return channels.direct(idsOf(name, client)[0] ?? '');
	const members = idsOf(String(form.get('members') ?? ''), client);
	return channels.create({ kind: what, name, members });
}

function Fields({ what }: { readonly what: What }) {
	return (
		<>
			<label>
				{what === 'direct' ? texts.personName : texts.channelName}
				<input name="name" required maxLength={NAME_LENGTH_MAX} autocomplete="off" />
			</label>
			{what === 'group' && (
				<label>
					{texts.groupMembers}
					<input name="members" autocomplete="off" />
				</label>
			)}
		</>
	);
}

const CHOICES: readonly { readonly what: What; readonly text: string }[] = [
	{ what: 'direct', text: texts.newDirect },
	{ what: 'open', text: texts.newPublic },
	{ what: 'group', text: texts.newGroup },
];

/** The dialog in which a chat begins. */
function NewChat({ onClose }: { readonly onClose: () => void }) {
	const client = useClient();
	const dialog = useRef<HTMLDialogElement>(null);
	const [what, setWhat] = useState<What>('direct');
	const [error, setError] = useState('');
	useEffect(() => dialog.current?.showModal(), []);

	const submit = (event: SubmitEvent) => {
		event.preventDefault();
		make(what, new FormData(event.currentTarget as HTMLFormElement), client).then(
			({ id }) => {
				onClose();
				goTo(channelHref(id));
			},
			(reason) => setError(errorText(reason)),
		);
	};

	return (
		<dialog ref={dialog} class="new-chat" onClose={onClose} aria-label={texts.newChat}>
			<form onSubmit={submit}>
				<fieldset class="choices">
					<legend class="hidden">{texts.newChat}</legend>
					{CHOICES.map((choice) => (
						<label key={choice.what}>
							<input
								type="radio"
								name="what"
								checked={what === choice.what}
								onChange={() => setWhat(choice.what)}
							/>
							<span>{choice.text}</span>
						</label>
					))}
				</fieldset>
				<Fields what={what} />
				<p class="form-error" role="alert">
					{error}
				</p>
				<div class="form-buttons">
					<button type="button" class="plain" onClick={onClose}>
						{texts.cancel}
					</button>
					<button type="submit" class="primary">
						{what === 'direct' ? texts.start : texts.create}
					</button>
				</div>
			</form>
		</dialog>
	);
}

/** Opens {@link NewChat}. */
export function NewChatButton() {
	const [isOpen, setOpen] = useState(false);
	return (
		<>
			<button type="button" class="round" aria-label={texts.newChat} onClick={() => setOpen(true)}>
				<Icon name="plus" />
			</button>
			{isOpen && <NewChat onClose={() => setOpen(false)} />}
		</>
	);
}
