local function operate(name, owner, fence, attemptNumber, reason, fingerprint)
  local record = load()
  if not record or not holds(record, owner, fence) or not isLive(record) then return 'lost' end
  if record.fingerprint and record.fingerprint ~= fingerprint then return 'lost' end
  local effect = findEffect(record, name)
  if effect and effect.state == 'blocked' and isSameAttempt(effect, owner, fence, attemptNumber) then
    return 'blocked'
  end
  if effect and effect.state == 'rejected' and effect.floorFence == fence and attemptNumber <= effect.floor then
    return 'lost'
  end
  if effect and effect.state ~= 'rejected' then return { 'refused', infoReply(record, effect) } end
  putEffect(record, {
    effect = name,
    state = 'blocked',
    owner = owner,
    fence = fence,
    attemptNumber = attemptNumber,
    floor = attemptNumber,
    floorFence = fence,
    startedAt = now,
    deadline = now,
    staleAt = now,
    reason = reason,
  })
  record.fingerprint = fingerprint
  save(record)
  return 'blocked'
end
