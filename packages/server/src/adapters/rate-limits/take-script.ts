/**
 * What `takeTokens` does (lib/token-bucket.ts), done by Redis in one step: so that two servers never give the same token. The
 * time is that of Redis, which all of them share; a bucket that is full is forgotten.
 *
 * KEYS: the bucket. ARGV: capacity, milliseconds for a token, cost. Answers: whether it is allowed; after how many milliseconds the
 * bucket is full again, as a text, since Redis cuts numbers to whole ones.
 */
export const TAKE_SCRIPT = `
local capacity, perToken, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local before = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local after = before + cost * perToken
if after - (now + capacity * perToken) > 0.001 then
  return {0, string.format('%.3f', before - now)}
end
if after > now then
  redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.ceil(after - now))
end
return {1, string.format('%.3f', after - now)}
`;
