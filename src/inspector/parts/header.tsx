import { useEffect, useRef, useState } from 'preact/hooks';
import type { Status } from '../../../client-sdk/src/index.ts';
import { Icon } from '../../demo/page/icon.tsx';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { actorHref, auditHref, goTo, institutionsHref, nodesHref, type Route } from '../route.ts';

/** What is meant when only an id is given. */
const COMMON_KIND = 'channel';

const keyOf = (text: string) => (text.includes('/') ? text : `${COMMON_KIND}/${text}`);

function Search() {
	const field = useRef<HTMLInputElement>(null);
	useEffect(() => {
		const focus = (event: KeyboardEvent) => {
			const isTyping = event.target instanceof HTMLInputElement;
			if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return;
			event.preventDefault();
			field.current?.focus();
		};
		addEventListener('keydown', focus);
		return () => removeEventListener('keydown', focus);
	}, []);
	const submit = (event: SubmitEvent) => {
		event.preventDefault();
		const text = field.current?.value.trim() ?? '';
		if (text !== '') goTo(actorHref(keyOf(text)));
	};
	return (
		<search class="search">
			<form onSubmit={submit}>
				<input
					ref={field}
					name="key"
					aria-label={texts.search}
					placeholder={texts.searchHint}
					autocomplete="off"
					autocapitalize="off"
					spellcheck={false}
				/>
				<button type="submit" class="plain">
					{texts.find}
				</button>
			</form>
		</search>
	);
}

function Connection() {
	const naru = useClient();
	const [status, setStatus] = useState<Status>(naru.status);
	useEffect(() => naru.on('status', (change) => setStatus(change.status)), [naru]);
	const isOnline = status === 'online';
	return (
		<p class="connection" role="status">
			<span class={`dot ${isOnline ? 'online' : 'away'}`} aria-hidden="true" />
			<span class="connection-text">{isOnline ? texts.online : texts.waiting}</span>
		</p>
	);
}

interface HeaderProps {
	readonly screen: Route['screen'];
	readonly leave: () => void;
}

/** The way to everything. */
export function Header({ screen, leave }: HeaderProps) {
	const current = (is: boolean) => (is ? 'page' : undefined);
	return (
		<header class="top">
			<a class="brand" href={nodesHref}>
				<Icon name="boat" />
				<strong>{texts.inspector}</strong>
			</a>
			<nav>
				<a class="tab" href={nodesHref} aria-current={current(screen === 'nodes')}>
					{texts.nodes}
				</a>
				<a
					class="tab"
					href={institutionsHref}
					aria-current={current(screen === 'institutions' || screen === 'institution')}
				>
					{texts.institutions.institutions}
				</a>
				<a class="tab" href={auditHref} aria-current={current(screen === 'audit')}>
					{texts.audit}
				</a>
			</nav>
			<Search />
			<Connection />
			<button type="button" class="round" aria-label={texts.leave} onClick={leave}>
				<Icon name="leave" />
			</button>
		</header>
	);
}
