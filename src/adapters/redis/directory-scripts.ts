/**
 * The steps of the directory that have to happen at once, in Lua. `KEYS[1]` is the hash of leases
 * (node → `expiry record`), `KEYS[2]` the birth mark (`time, time from which claims are taken`), the keys
 * behind them are entries of actors; all carry one hash tag. Time is the server's. None is given more
 * than {@link KEYS_PER_SCRIPT_MAX} entries: a script holds everybody up.
 */

/** Entries that one script takes: a few milliseconds' work. */
export const KEYS_PER_SCRIPT_MAX = 1_000;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** `owner(at)`: the living owner in the entry `KEYS[at + 2]`, or nil. */
const OWNERS = `${NOW}
local lives = {}
local function living(id)
	if lives[id] == nil then
		local lease = redis.call('HGET', KEYS[1], id)
		lives[id] = lease ~= false and tonumber(string.match(lease, '^%d+')) > now
	end
	return lives[id]
end
local found = redis.call('MGET', unpack(KEYS, 3))
local function owner(at)
	if found[at] and living(found[at]) then return found[at] end
end
`;

/**
 * `ARGV`: node, lease in ms, record. The directory is born again when nobody has had a lease any more:
 * then nobody kept the entries either.
 */
const RENEW = `${NOW}
local held = 0
local records = {}
local leases = redis.call('HGETALL', KEYS[1])
for at = 1, #leases, 2 do
	local ends, record = string.match(leases[at + 1], '^(%d+) (.*)$')
	if tonumber(ends) <= now then
		redis.call('HDEL', KEYS[1], leases[at])
	elseif leases[at] == ARGV[1] then
		held = 1
	else
		records[#records + 1] = record
	end
end
records[#records + 1] = ARGV[3]
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %s', now + ARGV[2], ARGV[3]))
local born = tonumber(string.match(redis.call('GET', KEYS[2]) or '', '^%d+'))
if not born or (held == 0 and #records == 1) then
	born = now
	redis.call('SET', KEYS[2], string.format('%.0f %.0f', now, now + ARGV[2]))
end
return { now, held, math.max(0, now - born), records }
`;

/** Answers the owners in order, false where there is none. */
const FIND = `${OWNERS}
local owners = {}
for at = 1, #KEYS - 2 do owners[at] = owner(at) or false end
return owners
`;

/**
 * `ARGV`: node, lifetime of an entry in ms. Answers the owners in order, false where there is none. That
 * the directory is old enough is looked at here, at once with the claim: the node that sent it may not
 * know yet that everything was lost.
 */
const CLAIM = `${OWNERS}
local settled = tonumber(string.match(redis.call('GET', KEYS[2]) or '', '%d+$'))
local takes = settled and now >= settled and living(ARGV[1])
local owners = {}
for at = 1, #KEYS - 2 do
	owners[at] = owner(at) or false
	if not owners[at] and takes then
		redis.call('SET', KEYS[at + 2], ARGV[1], 'PX', ARGV[2])
		owners[at] = ARGV[1]
	end
end
return owners
`;

/** `ARGV`: node, lifetime of an entry in ms. Answers the places (from 1) of those of other nodes. */
const VERIFY = `${OWNERS}
local foreign = {}
for at = 1, #KEYS - 2 do
	local holder = owner(at)
	if holder and holder ~= ARGV[1] then
		foreign[#foreign + 1] = at
	elseif living(ARGV[1]) then
		redis.call('SET', KEYS[at + 2], ARGV[1], 'PX', ARGV[2])
	end
end
return foreign
`;

/** `ARGV`: node. Takes out the entries that name it. */
const RELEASE = `
local found = redis.call('MGET', unpack(KEYS, 3))
for at = 1, #KEYS - 2 do
	if found[at] == ARGV[1] then redis.call('DEL', KEYS[at + 2]) end
end
`;

/** By the name under which the client gets each. */
export const SCRIPTS = {
	naruRenew: { lua: RENEW, numberOfKeys: 2 },
	naruFind: { lua: FIND },
	naruClaim: { lua: CLAIM },
	naruVerify: { lua: VERIFY },
	naruRelease: { lua: RELEASE },
};

/** Keys, with their number in front, then arguments. */
type KeyedScript = (...keysAndArguments: (string | number)[]) => Promise<unknown>;

export interface DirectoryScripts {
	naruRenew(
		leases: string,
		born: string,
		...rest: [node: string, leaseMs: number, record: string]
	): Promise<unknown>;
	readonly naruFind: KeyedScript;
	readonly naruClaim: KeyedScript;
	readonly naruVerify: KeyedScript;
	readonly naruRelease: KeyedScript;
}
