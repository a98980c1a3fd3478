local function operate(holder, windowMs)
  -- Most are free: one command tells and takes.
  if redis.call('SET', key, holder, 'NX', 'PX', windowMs) then return 'reserved' end
  local known = redis.call('GET', key)
  if known ~= holder then return { 'taken', known } end
  redis.call('SET', key, holder, 'PX', windowMs)
  return 'reserved'
end
