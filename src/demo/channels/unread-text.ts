const UNREAD_MAX = 999;

/** Exact up to 999. */
export const unreadText = (unread: number): string =>
	unread > UNREAD_MAX ? `${UNREAD_MAX}+` : String(unread);
