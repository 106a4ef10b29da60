const TAG_START = 0x811c9dc5;
const TAG_PRIME = 0x01000193;

function tagOf(userId: string): string {
	let tag = TAG_START;
	for (let at = 0; at < userId.length; at++) {
		tag = Math.imul(tag ^ userId.charCodeAt(at), TAG_PRIME);
	}
	return (tag >>> 0).toString(36);
}

/**
 * The id of a user's admission, by its number within the event. No secret: what a bearer shows is
 * signed. It can be told from its form whether an id was ever given to a user, so none has to be kept.
 */
export const admissionId = (number: number, userId: string) =>
	`${number.toString(36)}-${tagOf(userId)}`;

/** Whether this id was given to the user, when `admitted` admissions were given so far. */
export function wasAdmission(id: string, userId: string, admitted: number): boolean {
	const number = Number.parseInt(id, 36);
	return number >= 0 && number < admitted && id === admissionId(number, userId);
}
