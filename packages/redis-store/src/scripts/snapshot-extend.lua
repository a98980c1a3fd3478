-- Extends a rebuild lease that is still held. Returns 1, or 0 when it is lost.
-- KEYS: lease. ARGV: owner, fence, lease in ms.
local held = redis.call("HMGET", KEYS[1], "owner", "fence")
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return 0
end
redis.call("PEXPIRE", KEYS[1], ARGV[3])
return 1
