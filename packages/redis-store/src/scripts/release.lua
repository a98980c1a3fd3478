local function operate(owner, fence, retentionMs)
  local record = load()
  if not record or record.owner ~= owner or record.fence ~= fence then return 'lost' end
  if record.state == 'released' then return 'released' end
  if record.state ~= 'claimed' then return 'lost' end
  record.state = 'released'
  record.leaseUntil = now
  sendingToUnknown(record.effects)
  save(record, now + retentionMs)
  return 'released'
end
