import type { InstitutionBoard } from '../../../client-sdk/src/index.ts';
import { useClient } from '../client.ts';
import { texts } from '../language.ts';
import { count } from '../numbers.ts';
import { DeedButton } from '../parts/deed-button.tsx';
import { NumberOrder } from './number-order.tsx';

const words = texts.institutions;

const MODES = [
	['auto', words.auto],
	['forced-open', words.forceOpen],
	['forced-closed', words.forceClosed],
] as const;

/** What operators may order of an institution, for all nodes at once. */
export function InstitutionOrders({ board }: { readonly board: InstitutionBoard }) {
	const { info, mode, gate, rules, permits } = board;
	const institution = useClient().institution(info.id);
	const other = gate.route === 0 ? 1 : 0;
	return (
		<section class="orders">
			<h2>{words.orders}</h2>
			<p class="note">{words.ordersHint}</p>
			<div class="orders-row">
				{MODES.map(([name, text]) =>
					name === mode ? (
						<strong key={name} class="tag" aria-current="true">
							{text}
						</strong>
					) : (
						<DeedButton
							key={name}
							name={text}
							confirm={words.sure}
							done={words.done}
							act={() => institution.circuit(name)}
						/>
					),
				)}
			</div>
			<div class="orders-row">
				<NumberOrder
					label={words.callsPerSecond}
					value={permits.ratePerSecond}
					note={`${words.contract}: ${words.perSecond(count(rules.ratePerSecond))}`}
					act={(perSecond) => institution.rate(perSecond)}
				/>
				{rules.routes > 1 && (
					<DeedButton
						name={words.useRoute(words.routes[other] ?? '')}
						confirm={words.sure}
						done={words.done}
						act={() => institution.route(other)}
					/>
				)}
			</div>
		</section>
	);
}
