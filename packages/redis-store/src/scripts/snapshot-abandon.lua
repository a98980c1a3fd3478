-- Removes what was built and gives the lease back, if it is still held.
-- KEYS: lease, building. ARGV: owner, fence.
local held = redis.call("HMGET", KEYS[1], "owner", "fence")
if held[1] == ARGV[1] and held[2] == ARGV[2] then
  redis.call("UNLINK", KEYS[1], KEYS[2])
end
return 1
