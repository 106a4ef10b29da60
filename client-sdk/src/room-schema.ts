/** What rooms need of `@colyseus/schema`: loaded with the first room, and nothing else of it. */
export { Callbacks, decode, encode, Reflection } from '@colyseus/schema';
