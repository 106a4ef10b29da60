import { Component, type ComponentChild, h } from 'preact';

/** A component that is drawn again only when one of its props is another. */
export function pure<P extends object>(draw: (props: P) => ComponentChild) {
	return class Pure extends Component<P> {
		override shouldComponentUpdate(next: Readonly<P>): boolean {
			const keys = Object.keys({ ...this.props, ...next }) as (keyof P)[];
			return keys.some((key) => (this.props as P)[key] !== next[key]);
		}

		override render() {
			// A component of its own, so that `draw` may use hooks.
			return h(draw as never, this.props as never);
		}
	};
}
