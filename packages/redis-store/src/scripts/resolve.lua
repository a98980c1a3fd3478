local function operate(name, owner, fence, attemptNumber, verdict, acceptPayload, noteJson)
  local record = load()
  local effect = record and findEffect(record, name)
  if not isSameAttempt(effect, owner, fence, attemptNumber) then return 'notFound' end
  local state = seenState(record, effect)

  local function resolved()
    -- The time goes into the note here, since only the store's counts.
    local note = '{"at":' .. num(now) .. ',' .. noteJson:sub(2)
    record.resolutions = record.resolutions and record.resolutions .. ',' .. note or note
    save(record)
    return 'resolved'
  end

  if verdict == 'accept-payload' then
    if record.fingerprint == acceptPayload then return { 'already', state } end
    record.fingerprint = acceptPayload
    return resolved()
  end
  if verdict == 'sent' then
    if state == 'sending' then return { 'tooEarly', num(effect.staleAt) } end
    if state ~= 'unknown' and state ~= 'rejected' then return { 'already', state } end
    effect.state = 'accepted'
    effect.receipt = { at = now, via = 'operator' }
    if record.state == 'dead' then effect.settledAfterDeadLetter = true end
    return resolved()
  end
  if verdict == 'not-sent' then
    if state ~= 'unknown' and state ~= 'sending' then return { 'already', state } end
    if state == 'sending' or now < effect.staleAt then
      return { 'tooEarly', num(math.max(effect.staleAt, now + 1)) }
    end
    effect.state, effect.reason = 'rejected', 'resolved not sent'
    return resolved()
  end
  if verdict == 'resend' then
    if state ~= 'unknown' then return { 'already', state } end
    effect.state, effect.reason = 'rejected', 'resend by policy'
    return resolved()
  end
  if state ~= 'blocked' then return { 'already', state } end
  if verdict == 'allow' then
    effect.state, effect.allowed = 'rejected', true
    return resolved()
  end
  if verdict == 'drop' then
    effect.state = 'dropped'
    return resolved()
  end
  return redis.error_reply('ERR unknown verdict ' .. verdict)
end
