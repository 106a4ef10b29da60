import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { connect } from '../../client-sdk/src/index.ts';
import { type Account, developmentToken } from './account.ts';
import { OpenChannels } from './open-channels.ts';
import { People } from './people.ts';

export type NaruClient = ReturnType<typeof connect>;

/** What all parts of a signed-in page share: one client, and so one socket. */
export interface Client {
	readonly naru: NaruClient;
	readonly account: Account;
	readonly people: People;
	readonly openChannels: OpenChannels;
}

export function createClient(account: Account): Client {
	const token = async () => {
		const made = account.token ?? (await developmentToken(account));
		if (made === undefined) throw new Error('the server makes no tokens');
		return made;
	};
	const naru = connect({ url: location.origin, token, storage: sessionStorage });
	const people = new People();
	people.learn(account);
	return { naru, account, people, openChannels: new OpenChannels(naru) };
}

const ClientContext = createContext<Client | undefined>(undefined);

export const ClientProvider = ClientContext.Provider;

export function useClient(): Client {
	const client = useContext(ClientContext);
	if (!client) throw new Error('used outside of a signed-in page');
	return client;
}
