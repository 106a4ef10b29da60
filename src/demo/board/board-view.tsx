import { useEffect } from 'preact/hooks';
import { texts } from '../language.ts';
import { ARROW_STEPS } from '../page/arrow-steps.ts';
import { Icon } from '../page/icon.tsx';
import { notify } from '../page/notify.tsx';
import { backToList, listHref } from '../route.ts';
import { type BoardCursor, type Place, useBoard } from './use-board.ts';

const STEP = 0.02;

const inside = (value: number) => Math.min(1, Math.max(0, value));

function Cursor({ cursor }: { readonly cursor: BoardCursor }) {
	const { x, y, colour, name, isOwn } = cursor;
	return (
		<div
			class={isOwn ? 'board-cursor own' : 'board-cursor'}
			style={{ left: `${x * 100}%`, top: `${y * 100}%`, '--colour': colour }}
			data-cursor={cursor.userId}
		>
			<Icon name="cursor" />
			<span>
				<b>{isOwn ? texts.you : name}</b>
			</span>
		</div>
	);
}

/** A room with schema state: everybody's cursors, live. */
export function BoardView() {
	const { cursors, isSeated, move, clear } = useBoard();
	useEffect(() => {
		document.title = `${texts.board} · ${texts.appName}`;
	}, []);

	const point = (event: PointerEvent) => {
		const { left, top, width, height } = (
			event.currentTarget as HTMLElement
		).getBoundingClientRect();
		move({
			x: inside((event.clientX - left) / width),
			y: inside((event.clientY - top) / height),
		});
	};
	const step = (event: KeyboardEvent) => {
		const direction = ARROW_STEPS[event.key];
		if (!direction) return;
		event.preventDefault();
		const from: Place = cursors.find(({ isOwn }) => isOwn) ?? { x: 0.5, y: 0.5 };
		const [x, y] = direction;
		move({ x: inside(from.x + x * STEP), y: inside(from.y + y * STEP) });
	};

	return (
		<main class="board" data-seated={isSeated}>
			<header class="bar">
				<a class="round back" href={listHref} aria-label={texts.back} onClick={backToList}>
					<Icon name="back" />
				</a>
				<div class="bar-texts">
					<h1>{texts.board}</h1>
					<small>{isSeated ? texts.boardCount(cursors.length) : texts.connecting}</small>
				</div>
				<button type="button" class="plain" onClick={() => void clear().catch(notify)}>
					{texts.boardClear}
				</button>
			</header>
			<div
				class="board-field"
				role="application"
				aria-label={texts.boardHint}
				tabIndex={isSeated ? 0 : -1}
				onPointerMove={point}
				onPointerDown={point}
				onKeyDown={step}
			>
				{cursors.map((cursor) => (
					<Cursor key={cursor.key} cursor={cursor} />
				))}
				<p class="board-hint">{texts.boardHint}</p>
			</div>
		</main>
	);
}
