import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { connect } from '../../client-sdk/src/index.ts';

export type NaruClient = ReturnType<typeof connect>;

/** The one client of the page, and so its one socket. */
export const createClient = (token: string): NaruClient => connect({ url: location.origin, token });

const ClientContext = createContext<NaruClient | undefined>(undefined);

export const ClientProvider = ClientContext.Provider;

export function useClient(): NaruClient {
	const client = useContext(ClientContext);
	if (!client) throw new Error('used outside of a page with a client');
	return client;
}
