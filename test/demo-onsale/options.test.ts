import { expect, test } from 'vitest';
import { OptionError, readOptions } from '../../src/demo-onsale/options.ts';

const seatsOf = (...args: string[]) => readOptions(args).seats;

test('a sale of any crowd sells out: five buyers for a seat, unless seats are named', () => {
	expect(seatsOf()).toBe(1_000);
	expect(seatsOf('--buyers', '300')).toBe(60);
	expect(seatsOf('--buyers', '3')).toBe(20);
	expect(seatsOf('--buyers', '300', '--seats', '1000')).toBe(1_000);
});

test('what cannot be is refused with what can', () => {
	expect(() => readOptions(['--buyers', 'many'])).toThrow(OptionError);
	expect(() => readOptions(['--seats', '0'])).toThrow('--seats: a whole number from 1 to');
	expect(() => readOptions(['--nonsense'])).toThrow(OptionError);
});
