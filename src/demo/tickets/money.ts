interface Money {
	readonly format: Intl.NumberFormat;
	/** Of the minor unit, by the browser's own table. */
	readonly digits: number;
}

/** By currency: a page has one language. */
const moneys = new Map<string, Money>();

function moneyOf(language: string, currency: string): Money {
	const kept = moneys.get(currency);
	if (kept) return kept;
	const format = new Intl.NumberFormat(language, { style: 'currency', currency });
	const made = { format, digits: format.resolvedOptions().maximumFractionDigits ?? 2 };
	moneys.set(currency, made);
	return made;
}

/** An amount in minor units, as people write it in their language. */
export function moneyText(language: string, minor: number, currency: string): string {
	const { format, digits } = moneyOf(language, currency);
	return format.format(minor / 10 ** digits);
}
