local function operate(holder)
  if redis.call('GET', key) == holder then redis.call('DEL', key) end
  return 1
end
