-- The mark moves forward only, so late and repeated calls change nothing.
local mark = tonumber(redis.call('GET', KEYS[1]) or '')
if mark == nil or tonumber(ARGV[1]) > mark then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
