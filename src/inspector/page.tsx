import { InstitutionView } from './institutions/institution-view.tsx';
import { InstitutionsView } from './institutions/institutions-view.tsx';
import { Header } from './parts/header.tsx';
import { type Route, useRoute } from './route.ts';
import { ActorView } from './views/actor-view.tsx';
import { AuditView } from './views/audit-view.tsx';
import { NodeView } from './views/node-view.tsx';
import { NodesView } from './views/nodes-view.tsx';
import { SocketView } from './views/socket-view.tsx';

function View({ route }: { readonly route: Route }) {
	switch (route.screen) {
		case 'nodes':
			return <NodesView />;
		case 'institutions':
			return <InstitutionsView />;
		case 'institution':
			return <InstitutionView key={route.id} id={route.id} />;
		case 'audit':
			return <AuditView />;
		case 'actors':
		case 'sockets':
			return <NodeView key={route.node} node={route.node} tab={route.screen} />;
		case 'actor':
			return <ActorView key={route.key} actorKey={route.key} />;
		case 'socket':
			return <SocketView key={route.id} node={route.node} id={route.id} />;
	}
}

/** All that one sees inside. */
export function Page({ leave }: { readonly leave: () => void }) {
	const route = useRoute();
	return (
		<>
			<Header screen={route.screen} leave={leave} />
			<View route={route} />
		</>
	);
}
