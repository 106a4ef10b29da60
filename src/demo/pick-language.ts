/** The first language of a browser that there is one of `known` for. */
export function pickLanguage<L extends string>(
	wanted: readonly string[],
	known: readonly L[],
	otherwise: L,
): L {
	for (const tag of wanted) {
		const language = tag.toLowerCase().split('-')[0];
		const found = known.find((one) => one === language);
		if (found !== undefined) return found;
	}
	return otherwise;
}
