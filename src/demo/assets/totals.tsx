import type { AssetSnapshot } from '../../../client-sdk/src/index.ts';
import { language, texts } from '../language.ts';
import { moneyText } from '../tickets/money.ts';
import { sumsOf } from './sums.ts';

const { assets } = texts;

/** What one has and owes, currency by currency: nothing is converted. */
export function Totals({ snapshots }: { readonly snapshots: ReadonlyMap<string, AssetSnapshot> }) {
	return (
		<section class="totals" aria-label={assets.have}>
			<h2>{assets.have}</h2>
			<ul>
				{sumsOf(snapshots.values()).map(({ currency, have, owe }) => (
					<li key={currency} data-currency={currency}>
						<strong class="sum">{moneyText(language, have, currency)}</strong>
						{owe > 0 && <small>{assets.owe(moneyText(language, owe, currency))}</small>}
					</li>
				))}
			</ul>
		</section>
	);
}
