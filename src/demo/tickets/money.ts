/** How many digits of the minor unit a currency has, by the browser's own table. */
function formatOf(language: string, currency: string): Intl.NumberFormat {
	const kept = formats.get(currency);
	if (kept) return kept;
	const made = new Intl.NumberFormat(language, { style: 'currency', currency });
	formats.set(currency, made);
	return made;
}

const formats = new Map<string, Intl.NumberFormat>();

/** An amount in minor units, as people write it in their language. */
export function moneyText(language: string, minor: number, currency: string): string {
	const format = formatOf(language, currency);
	const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
	return format.format(minor / 10 ** digits);
}
