-- A sliding window: members by the time at which they leave it. A replay counts once.
local function operate(member, windowMs)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now))
  redis.call('ZADD', key, 'NX', string.format('%.0f', now + windowMs), member)
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  redis.call('PEXPIREAT', key, last[2])
  return redis.call('ZCARD', key)
end
