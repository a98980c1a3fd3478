-- Makes what was built the head and gives the lease back, in one step.
-- KEYS: lease, building, generation, head, former generation.
-- ARGV: owner, fence, manifest, chunks, time to live in ms, grace of the former generation in ms.
-- Returns 1, or 0 when the lease is lost; an error when chunks are missing.
local lease, building, generation, head, former = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local owner, fence, manifest, chunks = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local ttlMs, graceMs = ARGV[5], tonumber(ARGV[6])

-- Sent again after a lost answer.
if redis.call("GET", head) == manifest then
  return 1
end
local held = redis.call("HMGET", lease, "owner", "fence")
if held[1] ~= owner or held[2] ~= fence then
  return 0
end

for chunk = 0, chunks - 1 do
  if redis.call("HEXISTS", building, chunk) == 0 then
    return redis.error_reply("chunk " .. chunk .. " of the snapshot is missing; walk again")
  end
end
if chunks > 0 then
  redis.call("RENAME", building, generation)
  redis.call("PEXPIRE", generation, ttlMs)
end
redis.call("SET", head, manifest, "PX", ttlMs)
if former ~= generation and redis.call("PTTL", former) > graceMs then
  redis.call("PEXPIRE", former, graceMs)
end
redis.call("UNLINK", lease, building)
return 1
