import { useEffect, useMemo } from 'preact/hooks';
import { useClient } from '../client.ts';
import { useRedraw } from '../page/use-redraw.ts';
import { AssetBook } from './asset-book.ts';

/** The user's assets, live as long as the component is there. */
export function useAssets(): AssetBook {
	const { naru } = useClient();
	const redraw = useRedraw();
	const book = useMemo(() => new AssetBook(naru, redraw), [naru]);
	useEffect(() => {
		void book.load();
		return () => book.close();
	}, [book]);
	return book;
}
