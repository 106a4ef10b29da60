import { texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { assetsHref, type Route } from '../route.ts';

/** The way to one's own assets. */
export function AssetsLink({ screen }: { readonly screen: Route['screen'] }) {
	return (
		<a class="board-link" href={assetsHref} aria-current={screen === 'assets' ? 'page' : undefined}>
			<Icon name="coins" />
			<span>{texts.assets.assets}</span>
			<small>{texts.assets.assetsHint}</small>
		</a>
	);
}
