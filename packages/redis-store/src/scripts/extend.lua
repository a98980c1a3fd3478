local function operate(owner, fence, leaseMs, retentionMs)
  local record = load()
  if not record or not holds(record, owner, fence) or not isLive(record) then return 'lost' end
  -- A lease is never shortened.
  record.leaseUntil = math.max(record.leaseUntil, now + leaseMs)
  save(record, record.leaseUntil + retentionMs)
  return 'extended'
end
