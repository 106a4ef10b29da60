const PATHS = {
	back: 'M15 5l-7 7 7 7',
	plus: 'M12 5v14M5 12h14',
	send: 'M5 12l15-7-5 15-3.5-6.5L5 12zM11.5 13.5L20 5',
	people:
		'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.8a3.5 3.5 0 0 1 0 6.4M17.5 14.8c2.3.6 3.7 2.4 4 5.2',
	reply: 'M10 7L5 12l5 5M5.5 12H14c3.5 0 5.5 2 5.5 6',
	edit: 'M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19 4 20zM14 6.5l3.5 3.5',
	trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5',
	smile:
		'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.5c.8 1.3 2 2 3.5 2s2.7-.7 3.5-2M9 9.5v.5M15 9.5v.5',
	cursor: 'M6 4l13 7-5.7 1.8L10.5 19 6 4z',
	leave: 'M10 5H5v14h5M14 8l4 4-4 4M18 12H9',
	down: 'M12 5v14M6 13l6 6 6-6',
	close: 'M6 6l12 12M18 6L6 18',
	clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7.5V12l3 2',
	hash: 'M9.5 4l-2 16M16.5 4l-2 16M5 9h15M4 15h15',
	ticket:
		'M4 7h16v3.2a1.9 1.9 0 0 0 0 3.6V17H4v-3.2a1.9 1.9 0 0 0 0-3.6V7zM14.5 7v2M14.5 11v2M14.5 15v2',
	search: 'M11 17.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.8 15.8L20 20',
	minus: 'M5 12h14',
	expand: 'M9 4.5H4.5V9M15 4.5h4.5V9M9 19.5H4.5V15M15 19.5h4.5V15',
	check: 'M5 12.5l4.5 4.5L19 7.5',
	chevron: 'M7 10l5 5 5-5',
	coins:
		'M9 13c3 0 5.5-1.1 5.5-2.5S12 8 9 8s-5.5 1.1-5.5 2.5S6 13 9 13zM3.5 10.5v6C3.5 17.9 6 19 9 19s5.5-1.1 5.5-2.5v-6M14.5 12.6c3.3-.1 6-1.2 6-2.6v-2.5M9.5 7.9C9.5 6.3 12 5 15 5s5.5 1.1 5.5 2.5S18.6 10 14.6 10M20.5 10v4c0 1.4-2.7 2.5-6 2.5',
	boat: 'M3 14h18l-2.8 5.2a1.5 1.5 0 0 1-1.3.8H7.1a1.5 1.5 0 0 1-1.3-.8L3 14zM12 3v8M12 4l6 7h-6',
} as const;

export type IconName = keyof typeof PATHS;

/** A line drawing; the button or heading around it carries the words. */
export function Icon({ name }: { readonly name: IconName }) {
	return (
		<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
			<path d={PATHS[name]} />
		</svg>
	);
}
