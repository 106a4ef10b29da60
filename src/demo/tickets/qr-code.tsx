import { encode } from 'uqr';
import { pure } from '../page/pure.ts';

interface QrCodeProps {
	readonly text: string;
	/** What it is, for those who do not see it. */
	readonly label: string;
}

/** A QR code as one drawing: dark on light also at night, for scanners want it so. */
export const QrCode = pure(({ text, label }: QrCodeProps) => {
	const { data, size } = encode(text, { ecc: 'M', border: 2 });
	const path = data
		.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')))
		.join('');
	return (
		<svg class="qr-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
			<rect width={size} height={size} fill="#fff" />
			<path d={path} fill="#10161a" shape-rendering="crispEdges" />
		</svg>
	);
});
