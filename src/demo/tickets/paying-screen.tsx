import { useState } from 'preact/hooks';
import type { Order, TicketEvent } from '../../../client-sdk/src/index.ts';
import { language, texts } from '../language.ts';
import { Countdown } from './countdown.tsx';
import { moneyText } from './money.ts';
import type { ScreenProps } from './screen-props.ts';
import { SureButton } from './sure-button.tsx';
import { notifyTicket } from './ticket-notices.ts';
import { usePayment } from './use-payment.ts';

const { tickets } = texts;

/** What stands for a card at the simulator of payment providers. */
const METHODS = [
	{ token: 'tok-card', text: tickets.methodPays },
	{ token: 'tok-declined', text: tickets.methodDeclined },
] as const;

/** What one is about to pay for. */
function OrderLines({ order }: { readonly order: Order }) {
	return (
		<div class="order-lines">
			<h2>{tickets.yourOrder}</h2>
			<ul>
				{order.seats.map((id) => (
					<li key={id} class="seat-chip">
						{id}
					</li>
				))}
			</ul>
			<p class="total">
				<span>{tickets.ticketCount(order.quantity)}</span>
				<strong>{moneyText(language, order.amount, order.currency)}</strong>
			</p>
		</div>
	);
}

interface PayFormProps {
	readonly order: Order;
	readonly pay: (methodToken: string) => void;
	readonly event: TicketEvent;
}

function PayForm({ order, pay, event }: PayFormProps) {
	const [method, setMethod] = useState<string>(METHODS[0].token);
	const submit = (submitted: SubmitEvent) => {
		submitted.preventDefault();
		pay(method);
	};
	return (
		<form class="pay-form" onSubmit={submit}>
			{order.status === 'declined' && (
				<p class="note danger" role="alert">
					{tickets.declined}
				</p>
			)}
			<label>
				{tickets.payWith}
				<select
					name="method"
					value={method}
					onChange={(event) => setMethod(event.currentTarget.value)}
				>
					{METHODS.map(({ token, text }) => (
						<option key={token} value={token}>
							{text}
						</option>
					))}
				</select>
			</label>
			<small>{tickets.payHint}</small>
			<button type="submit" class="primary large">
				{tickets.pay(moneyText(language, order.amount, order.currency))}
			</button>
			<SureButton
				text={tickets.cancelOrder}
				sure={tickets.cancelSure}
				act={() => void event.leave().catch(notifyTicket)}
			/>
		</form>
	);
}

/** A bank is asked: nothing to do but wait, and nothing has failed. */
function Asking({ text, hint }: { readonly text: string; readonly hint: string }) {
	return (
		<div class="asking" role="status">
			<span class="spinner" aria-hidden="true" />
			<div>
				<strong>{text}</strong>
				<p>{hint}</p>
			</div>
		</div>
	);
}

function Payment({ event, order }: { readonly event: TicketEvent; readonly order: Order }) {
	const { payment, pay } = usePayment(event, order);
	return (
		<section class="card" data-screen="paying" data-payment={payment} data-status={order.status}>
			{payment !== 'checking' && order.deadline !== undefined && (
				<Countdown until={order.deadline} label={tickets.timeToPay} />
			)}
			<OrderLines order={order} />
			{payment === 'none' && <PayForm order={order} pay={pay} event={event} />}
			{payment === 'asking' && <Asking text={tickets.paying} hint={tickets.payingHint} />}
			{payment === 'checking' && <Asking text={tickets.checking} hint={tickets.checkingHint} />}
		</section>
	);
}

/** At the till: the choice is fixed, and has to be paid until the deadline. */
export function PayingScreen({ event, me }: ScreenProps) {
	return (
		<div class="tickets-body narrow">
			{me.order ? <Payment event={event} order={me.order} /> : <p class="empty">{texts.loading}</p>}
		</div>
	);
}
