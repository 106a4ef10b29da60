import type { Seat, TicketEvent } from '../../../client-sdk/src/index.ts';
import { language, texts } from '../language.ts';
import { Icon } from '../page/icon.tsx';
import { say } from '../page/notify.tsx';
import { Countdown } from './countdown.tsx';
import { moneyText } from './money.ts';
import type { ScreenProps } from './screen-props.ts';
import { bestSeats } from './seat-layout.ts';
import { SeatLegend } from './seat-legend.tsx';
import { SeatMap, useSeatLayout } from './seat-map.tsx';
import { SureButton } from './sure-button.tsx';
import { useOneAtATime } from './use-one-at-a-time.ts';

const { tickets } = texts;
/** Somebody else may be faster than a choice that a machine makes. */
const TRIES_MAX = 4;

/** Takes the best seats that are free, again when somebody is faster. */
async function takeBest(event: TicketEvent, choose: () => readonly string[]): Promise<void> {
	for (let tries = 1; ; tries++) {
		const seats = choose();
		if (seats.length === 0) return;
		try {
			await event.hold({ seats });
			return;
		} catch (error) {
			if ((error as { code?: string }).code !== 'SEAT_TAKEN' || tries === TRIES_MAX) throw error;
		}
	}
}

interface BasketProps extends ScreenProps {
	readonly isBusy: boolean;
	readonly run: (call: () => Promise<unknown>) => void;
	readonly total: number;
}

/** What is held, what it costs, and the way to the till. */
function Basket({ event, me, sale, isBusy, run, total, seats }: BasketProps) {
	const { held, deadline } = me;
	const priceOf = new Map(seats.map((seat) => [seat.id, seat]));
	const count = held.quantity;
	return (
		<aside class="basket">
			{deadline !== undefined && <Countdown until={deadline} label={tickets.timeToPick} />}
			{count === 0 && <p class="basket-empty">{tickets.nothingHeld}</p>}
			<ul class="basket-rows">
				{held.seats.map((id) => (
					<li key={id}>
						<span>
							<b>{id}</b> <small>{priceOf.get(id)?.grade}</small>
						</span>
						<span>{moneyText(language, priceOf.get(id)?.price ?? 0, sale.currency)}</span>
						<button
							type="button"
							class="round"
							aria-label={tickets.giveBack(id)}
							disabled={isBusy}
							onClick={() => run(() => event.release({ seats: [id] }))}
						>
							<Icon name="close" />
						</button>
					</li>
				))}
			</ul>
			<div class="basket-end">
				<p class="total">
					<span>{tickets.total}</span>
					<strong>{moneyText(language, total, sale.currency)}</strong>
				</p>
				<button
					type="button"
					class="primary large"
					disabled={isBusy || count === 0}
					onClick={() => run(() => event.checkout())}
				>
					{tickets.checkout}
					{count > 0 && ` · ${count}`}
				</button>
				<SureButton
					text={tickets.giveUpAll}
					sure={tickets.leaveSure}
					act={() => run(() => event.leave())}
				/>
			</div>
		</aside>
	);
}

function SeatPicking(props: ScreenProps) {
	const { event, me, sale, seats } = props;
	const { isBusy, run } = useOneAtATime();
	const layout = useSeatLayout(seats);
	const mine = new Set(me.held.seats);
	const left = sale.maxPerUser - mine.size;
	const choose = (seat: Seat) => {
		if (mine.has(seat.id)) run(() => event.release({ seats: [seat.id] }));
		else if (seat.state !== 'free') say(tickets.seatGone);
		else if (left <= 0) say(tickets.tooMany(sale.maxPerUser));
		else run(() => event.hold({ seats: [seat.id] }));
	};
	const best = () =>
		run(() =>
			takeBest(event, () => {
				const now = event.seats;
				const found = bestSeats(layout, (index) => now[index]?.state === 'free', left);
				return found.flatMap((index) => now[index]?.id ?? []);
			}),
		);
	const priceOf = new Map(seats.map(({ id, price }) => [id, price]));
	const total = me.held.seats.reduce((sum, id) => sum + (priceOf.get(id) ?? 0), 0);
	return (
		<div class="picking" data-screen="picking" data-busy={isBusy}>
			<div class="hall">
				<div class="hall-head">
					<p>{tickets.pickSeats(sale.maxPerUser)}</p>
					<button
						type="button"
						class="plain"
						disabled={isBusy || left <= 0 || seats.length === 0}
						onClick={best}
					>
						{tickets.best}
					</button>
				</div>
				{seats.length === 0 ? (
					<p class="empty">{tickets.loadingMap}</p>
				) : (
					<SeatMap seats={seats} mine={mine} currency={sale.currency} choose={choose} />
				)}
				<SeatLegend seats={seats} currency={sale.currency} />
			</div>
			<Basket {...props} isBusy={isBusy} run={run} total={total} />
		</div>
	);
}

/** Without seats: how many. */
function CountPicking(props: ScreenProps) {
	const { event, me, sale } = props;
	const { isBusy, run } = useOneAtATime();
	const { quantity } = me.held;
	const more = () => run(() => event.hold({ quantity: 1 }));
	/** Stock is given back as a whole. */
	const less = () =>
		run(async () => {
			await event.release();
			if (quantity > 1) await event.hold({ quantity: quantity - 1 });
		});
	const price = moneyText(language, sale.priceMin, sale.currency);
	return (
		<div class="picking no-seats" data-screen="picking" data-busy={isBusy}>
			<div class="hall counting">
				<p>{tickets.pickCount(sale.maxPerUser)}</p>
				<div class="counter">
					<button
						type="button"
						class="round"
						aria-label={tickets.oneLess}
						disabled={isBusy || quantity === 0}
						onClick={less}
					>
						<Icon name="minus" />
					</button>
					<output>{quantity}</output>
					<button
						type="button"
						class="round"
						aria-label={tickets.oneMore}
						disabled={isBusy || quantity >= sale.maxPerUser}
						onClick={more}
					>
						<Icon name="plus" />
					</button>
				</div>
				<p class="counting-price">{tickets.priceEach(price)}</p>
			</div>
			<Basket {...props} isBusy={isBusy} run={run} total={quantity * sale.priceMin} />
		</div>
	);
}

/** Inside: seats from the live map, or a number of units. */
export function PickingScreen(props: ScreenProps) {
	return props.sale.seated ? <SeatPicking {...props} /> : <CountPicking {...props} />;
}
