local function operate(name, owner, fence, n, timeoutMs, validityMs, fingerprint)
  local record = load()
  if not record then return 'lost' end
  local effect = findEffect(record, name)
  if effect and effect.state == 'accepted' then
    return { 'accepted', receiptReply(effect.receipt) }
  end
  if not holds(record, owner, fence) or not isLive(record) then return 'lost' end
  if record.fingerprint and record.fingerprint ~= fingerprint then return 'lost' end
  if effect then
    if effect.state == 'sending' then
      -- Granted once: only the identical attempt is a replay.
      if isSameAttempt(effect, owner, fence, n) then return 'granted' end
      return { 'unknown', infoReply(record, effect, 'unknown') }
    end
    if effect.state ~= 'rejected' then return { effect.state, infoReply(record, effect) } end
    if effect.floorFence == fence and n <= effect.floor then return 'lost' end
  end
  putEffect(record, {
    effect = name,
    state = 'sending',
    owner = owner,
    fence = fence,
    n = n,
    floor = n,
    floorFence = fence,
    startedAt = now,
    deadline = now + timeoutMs,
    staleAt = now + timeoutMs + validityMs,
    allowed = effect and effect.allowed,
  })
  record.fingerprint = fingerprint
  save(record)
  return 'granted'
end
