local function operate(owner, fence, leaseMs, retentionMs)
  local record = load()
  if not record or not holds(record, owner, fence) or not isLive(record) then return 'lost' end
  -- A lease is never shortened.
  local leaseUntil = math.max(leaseUntilOf(record), now + leaseMs)
  record[LEASED_FOR] = leaseUntil - record[CLAIMED_AT]
  save(record, leaseUntil + retentionMs)
  return 'extended'
end
