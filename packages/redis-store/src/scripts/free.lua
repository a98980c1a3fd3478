local function operate(holder, fence)
  local known = redis.call('GET', key)
  if not known then return 1 end
  local knownFence, knownHolder = string.match(known, '^(%d+):(.*)$')
  if not knownFence then unreadable('a reservation of no known form') end
  -- Under a higher fence the holder has taken it again, and this is a late copy.
  if knownHolder == holder and tonumber(knownFence) <= tonumber(fence) then redis.call('DEL', key) end
  return 1
end
