/** Files, pipes and sockets of the process itself. */
const RESERVED = 200;

/** How many sockets this process may open; `undefined` where nothing limits them. */
export function socketsMax(): number | undefined {
	const report = process.report?.getReport() as unknown as
		| {
				readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } };
		  }
		| undefined;
	const soft = Number(report?.userLimits?.open_files?.soft);
	return Number.isFinite(soft) ? Math.max(1, soft - RESERVED) : undefined;
}
