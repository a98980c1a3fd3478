-- Grants the rebuild lease unless another owner holds it.
-- KEYS: lease, fence counter, building. ARGV: owner, lease in ms.
-- Returns { 1, fence } or { 0, ms until the other's lease ends }.
local lease, counter, building = KEYS[1], KEYS[2], KEYS[3]
local owner, leaseMs = ARGV[1], ARGV[2]

local held = redis.call("HMGET", lease, "owner", "fence")
if held[1] == owner then
  redis.call("PEXPIRE", lease, leaseMs)
  return { 1, tonumber(held[2]) }
end
if held[1] then
  return { 0, redis.call("PTTL", lease) }
end

-- Whoever wrote this died in the middle.
redis.call("UNLINK", building)
local fence = redis.call("INCR", counter)
redis.call("HSET", lease, "owner", owner, "fence", fence)
redis.call("PEXPIRE", lease, leaseMs)
return { 1, fence }
