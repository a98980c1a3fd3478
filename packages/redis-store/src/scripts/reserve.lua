local holder, windowMs = ARGV[1], ARGV[2]
local known = redis.call('GET', KEYS[1])
if known and known ~= holder then return known end
redis.call('SET', KEYS[1], holder, 'PX', windowMs)
return false
