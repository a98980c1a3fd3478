local function operate(name, owner, fence, n, reason, fingerprint)
  local record = load()
  if not record or not holds(record, owner, fence) or not isLive(record) then return 'lost' end
  if record.fingerprint and record.fingerprint ~= fingerprint then return 'lost' end
  local effect = findEffect(record, name)
  if effect and effect.state == 'held' and isSameAttempt(effect, owner, fence, n) then
    return 'held'
  end
  if effect and effect.state == 'rejected' and effect.floorFence == fence and n <= effect.floor then
    return 'lost'
  end
  if effect and effect.state ~= 'rejected' then return { 'refused', infoReply(record, effect) } end
  putEffect(record, {
    effect = name,
    state = 'held',
    owner = owner,
    fence = fence,
    n = n,
    floor = n,
    floorFence = fence,
    startedAt = now,
    deadline = now,
    staleAt = now,
    reason = reason,
  })
  record.fingerprint = fingerprint
  save(record)
  return 'held'
end
