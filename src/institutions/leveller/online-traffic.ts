import { z } from 'zod';
import type { Industry } from '../../protocol/institution.ts';

export const HOURS_A_DAY = 24;
/** Days differ in what users do: without trade, with trade, and on which wages are paid. */
export type DayKind = 'rest' | 'trading' | 'payDay';

/** Share of the contract's rate that users are expected to need in each local hour, 0 to 1. */
export type ExpectedHours = Readonly<Record<DayKind, readonly number[]>>;

/** A guess to begin with, as settings; measured days take its place. */
const TYPICAL_HOURS = [
	0.12, 0.08, 0.06, 0.05, 0.05, 0.07, 0.12, 0.2, 0.3, 0.36, 0.34, 0.33, 0.38, 0.36, 0.33, 0.32,
	0.32, 0.34, 0.36, 0.36, 0.38, 0.4, 0.34, 0.22,
];

const factor = z.number().min(0.01).max(1_000);

/** What is expected of users while too few days were measured, by hour and kind of day (I20). */
export const onlineTrafficSchema = z.strictObject({
	/** Share of the contract's rate that users need in each of the 24 local hours. */
	byHour: z.array(z.number().min(0).max(1)).length(HOURS_A_DAY).default(TYPICAL_HOURS),
	/** So many times as much on the day that wages are paid. */
	payDay: factor.default(1.6),
	/** So many times as much on a trading day, at securities firms and elsewhere. */
	tradingDay: z
		.strictObject({ securities: factor.default(1.5), others: factor.default(1.1) })
		.prefault({}),
	/** Local days without trade beside Saturdays and Sundays, as `2026-12-25`. */
	holidays: z.array(z.iso.date()).max(1_000).default([]),
});
export type OnlineTraffic = Readonly<z.infer<typeof onlineTrafficSchema>>;

export const TYPICAL_TRAFFIC: OnlineTraffic = onlineTrafficSchema.parse({});

const times = (hours: readonly number[], by: number) =>
	hours.map((share) => Math.min(1, share * by));

const tradingTimes = ({ tradingDay }: OnlineTraffic, industry: Industry) =>
	industry === 'securities' ? tradingDay.securities : tradingDay.others;

/** What was measured of kinds of days, as far as it was. */
export type MeasuredHours = { readonly [K in DayKind]?: readonly number[] | undefined };

/** By what was measured; by the settings, what was not. */
export function expectedHours(
	traffic: OnlineTraffic,
	industry: Industry,
	measured: MeasuredHours = {},
): ExpectedHours {
	const rest = measured.rest ?? traffic.byHour;
	const trading = measured.trading ?? times(rest, tradingTimes(traffic, industry));
	return { rest, trading, payDay: measured.payDay ?? times(trading, traffic.payDay) };
}
