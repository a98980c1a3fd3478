local function operate(name, owner, fence, attemptNumber, reason, fingerprint)
  local record = load()
  if not record or not holds(record, owner, fence) or not isLive(record) then return 'lost' end
  if record[FINGERPRINT] and record[FINGERPRINT] ~= fingerprint then return 'lost' end
  local effect = findEffect(record, name)
  local state = effect and effect[EFFECT_STATE]
  if state == BLOCKED and isSameAttempt(record, effect, owner, fence, attemptNumber) then
    return 'blocked'
  end
  if state and state ~= REJECTED then return { 'refused', attemptReply(record, effect) } end
  -- A late copy must not block again what an operator has allowed since.
  if state and isBelowFloor(record, effect, fence, attemptNumber) then return 'lost' end
  local blocked = effectBy(record, name, BLOCKED, owner, fence, attemptNumber)
  set(blocked, EFFECT_REASON, reason)
  keepOpen(record, blocked, effect)
  putEffect(record, blocked)
  record[FINGERPRINT] = fingerprint
  saveEffect(record, blocked)
  return 'blocked'
end
