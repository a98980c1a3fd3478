-- Answers only where a write is possible: not on a replica, not when memory is full.
redis.call('SET', KEYS[1], '1', 'PX', 1000)
return 1
