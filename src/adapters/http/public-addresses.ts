/**
 * Where the name of an institution may lead. Whoever answers for its DNS could name an address of ours
 * instead: this machine's, one of the network behind it, or that of the cloud's metadata.
 */
import { lookup } from 'node:dns';
import { BlockList, type LookupFunction } from 'node:net';

/** Addresses of links, which no institution has, and by which clouds serve their machines' secrets. */
const LINKS = ['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128'];
/** Of this machine and of private networks, and what is none of a single machine (RFC 6890). */
const PRIVATE = [
	...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.0.0.0/24'],
	...['192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
	...['::/127', '64:ff9b::/96', '64:ff9b:1::/48', 'fc00::/7', 'ff00::/8'],
];

function listOf(networks: readonly string[]): BlockList {
	const list = new BlockList();
	for (const network of networks) {
		const [address = '', bits] = network.split('/');
		list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
	}
	return list;
}

/** What names may lead to: `public` addresses, or `any` but those of links. */
export type Reachable = 'public' | 'any';

const REFUSED: Readonly<Record<Reachable, BlockList>> = {
	public: listOf([...LINKS, ...PRIVATE]),
	any: listOf(LINKS),
};

/** Whether a connection to the address may be made for a name. */
export const mayReach = (address: string, family: number, reachable: Reachable): boolean =>
	!REFUSED[reachable].check(address, family === 6 ? 'ipv6' : 'ipv4');

/**
 * The system's look-up without the addresses that may not be reached; fails with the code
 * `ADDRESS_REFUSED` when none is left. Addresses that settings name themselves are not looked up.
 */
export const lookupWithin =
	(reachable: Reachable): LookupFunction =>
	(hostname, options, callback) => {
		lookup(hostname, { ...options, all: true }, (error, found) => {
			if (error !== null) {
				callback(error, []);
				return;
			}
			const allowed = found.filter(({ address, family }) => mayReach(address, family, reachable));
			const [first] = allowed;
			if (first === undefined) {
				const refused = new Error('the name leads to an address that is not public');
				callback(Object.assign(refused, { code: 'ADDRESS_REFUSED' }), []);
			} else if (options.all === true) callback(null, allowed);
			else callback(null, first.address, first.family);
		});
	};
