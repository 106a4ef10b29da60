import { Icon } from './icon.tsx';

const HUES = 12;

/** The same colour for the same person everywhere. */
function hueOf(id: string): number {
	let sum = 7;
	for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
	return ((sum % HUES) * 360) / HUES;
}

export type PresenceDot = 'online' | 'away' | 'offline';

interface AvatarProps {
	readonly id: string;
	readonly name: string;
	readonly icon?: 'hash' | 'people';
	readonly presence?: PresenceDot | undefined;
	/** What the dot says, for those who do not see it. */
	readonly presenceText?: string | undefined;
}

/** A person's first letter or a channel's sign, with a dot that says whether they are there. */
export function Avatar({ id, name, icon, presence, presenceText }: AvatarProps) {
	const [initial = '?'] = name.trim();
	return (
		<span class="avatar" style={{ '--hue': hueOf(id) }}>
			<span class="avatar-face" aria-hidden="true">
				{icon ? <Icon name={icon} /> : initial.toUpperCase()}
			</span>
			{presence && (
				<span class={`dot ${presence}`} title={presenceText}>
					<span class="hidden">{presenceText}</span>
				</span>
			)}
		</span>
	);
}
