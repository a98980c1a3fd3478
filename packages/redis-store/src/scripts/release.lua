local function operate(owner, fence, untried, retentionMs)
  local record = load()
  if not record or record[OWNER] ~= owner or record[FENCE] ~= fence then return 'lost' end
  if record[STATE] == RELEASED then return 'released' end
  if record[STATE] ~= CLAIMED then return 'lost' end
  record[STATE] = RELEASED
  record[LEASED_FOR] = now - record[CLAIMED_AT]
  if untried then setTries(record, math.max(0, triesOf(record) - 1)) end
  sendingToUnknown(record)
  save(record, now + retentionMs)
  return 'released'
end
