import { useEffect, useState } from 'preact/hooks';
import type { Channel, Member } from '../../../client-sdk/src/index.ts';
import { userIdOf } from '../account.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { Avatar, type PresenceDot } from '../page/avatar.tsx';
import { Icon } from '../page/icon.tsx';
import { notify } from '../page/notify.tsx';
import { presenceText, usePresence } from '../page/use-presence.ts';
import { channelHref, goTo, listHref } from '../route.ts';
import { useMembers } from './use-members.ts';

const CONFIRM_MS = 4_000;

interface ConfirmProps {
	readonly text: string;
	readonly confirm: string;
	readonly onConfirm: () => void;
}

/** A button that asks again on the same spot. */
function ConfirmButton({ text, confirm, onConfirm }: ConfirmProps) {
	const [isSure, setSure] = useState(false);
	useEffect(() => {
		if (!isSure) return;
		const timer = setTimeout(() => setSure(false), CONFIRM_MS);
		return () => clearTimeout(timer);
	}, [isSure]);
	return (
		<button
			type="button"
			class={isSure ? 'plain danger' : 'plain quiet'}
			onClick={() => (isSure ? onConfirm() : setSure(true))}
		>
			{isSure ? confirm : text}
		</button>
	);
}

interface RowProps {
	readonly member: Member;
	readonly presence: PresenceDot | undefined;
	readonly channel: Channel;
}

/** Whether `me` may remove `member`: owners all others, moderators members. */
const mayKick = (me: Member | undefined, member: Member): boolean =>
	member.userId !== me?.userId &&
	(me?.role === 'owner' || (me?.role === 'moderator' && member.role === 'member'));

function MemberRow({ member, presence, channel }: RowProps) {
	const { naru, account, people } = useClient();
	const { userId, role } = member;
	const name = people.nameOf(userId);
	const talk = () => {
		naru.channels.direct(userId).then(({ id }) => goTo(channelHref(id)), notify);
	};
	return (
		<li class="member-row" data-user={userId}>
			<button type="button" class="member" disabled={userId === account.userId} onClick={talk}>
				<Avatar id={userId} name={name} presence={presence} presenceText={presenceText(presence)} />
				<span class="member-texts">
					<span class="member-name">
						{userId === account.userId ? `${name} (${texts.you})` : name}
					</span>
					{role !== 'member' && <small>{texts[role]}</small>}
				</span>
			</button>
			{mayKick(channel.me, member) && (
				<ConfirmButton
					text={texts.kick}
					confirm={texts.kickConfirm}
					onConfirm={() => void channel.kick(userId).catch(notify)}
				/>
			)}
		</li>
	);
}

/** Adds a person by name; for groups, where nobody can join alone. */
function AddMember({ channel }: { readonly channel: Channel }) {
	const { people } = useClient();
	const [name, setName] = useState('');
	const add = (event: SubmitEvent) => {
		event.preventDefault();
		const userId = userIdOf(name);
		people.learn({ userId, name: name.trim() });
		channel.add(userId).then(() => setName(''), notify);
	};
	return (
		<form class="add-member" onSubmit={add}>
			<input
				value={name}
				placeholder={texts.personName}
				aria-label={texts.personName}
				autocomplete="off"
				onInput={(event) => setName(event.currentTarget.value)}
			/>
			<button type="submit" class="plain" disabled={name.trim() === ''}>
				{texts.addMember}
			</button>
		</form>
	);
}

interface MembersPanelProps {
	readonly channel: Channel;
	readonly kind: 'direct' | 'group' | 'open';
	readonly onClose: () => void;
}

/** Who is in the channel and there; what a moderator may do; the way out. */
export function MembersPanel({ channel, kind, onClose }: MembersPanelProps) {
	const { members, hasMore, loadMore } = useMembers(channel);
	const presenceOf = usePresence(members.map(({ userId }) => userId));
	const leave = () => {
		channel.leave().then(() => goTo(listHref), notify);
	};
	return (
		<aside class="panel" aria-label={texts.members}>
			<header class="bar plain-start">
				<h2>{texts.members}</h2>
				<button type="button" class="round" aria-label={texts.close} onClick={onClose}>
					<Icon name="close" />
				</button>
			</header>
			{kind === 'group' && channel.me && <AddMember channel={channel} />}
			<ul class="members">
				{members.map((member) => (
					<MemberRow
						key={member.userId}
						member={member}
						channel={channel}
						presence={presenceOf(member.userId)}
					/>
				))}
			</ul>
			{hasMore && (
				<button type="button" class="plain wide" onClick={loadMore}>
					{texts.more}
				</button>
			)}
			{channel.me && kind !== 'direct' && (
				<div class="panel-end">
					<ConfirmButton text={texts.leave} confirm={texts.leaveConfirm} onConfirm={leave} />
				</div>
			)}
		</aside>
	);
}
