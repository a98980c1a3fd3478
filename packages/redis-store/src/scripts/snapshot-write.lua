-- Writes a chunk of the generation that is being built. Returns 1, or 0 when the lease is lost.
-- KEYS: lease, building. ARGV: owner, fence, chunk, bytes, time to live in ms.
local held = redis.call("HMGET", KEYS[1], "owner", "fence")
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return 0
end
redis.call("HSET", KEYS[2], ARGV[3], ARGV[4])
redis.call("PEXPIRE", KEYS[2], ARGV[5])
return 1
