local function operate(holder, fence, windowMs)
  local mine = string.format('%d:%s', fence, holder)
  -- Most are free: one command tells and takes.
  if redis.call('SET', key, mine, 'NX', 'PX', windowMs) then return 'reserved' end
  local known = redis.call('GET', key)
  local knownFence, knownHolder = string.match(known, '^(%d+):(.*)$')
  if not knownFence then unreadable('a reservation of no known form') end
  if knownHolder ~= holder then return { 'taken', knownHolder } end
  if tonumber(knownFence) > tonumber(fence) then mine = known end
  redis.call('SET', key, mine, 'PX', windowMs)
  return 'reserved'
end
