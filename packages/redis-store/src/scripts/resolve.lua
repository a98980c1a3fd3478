local function operate(name, owner, fence, attemptNumber, verdict, payload, attemptId, by, why)
  local record = load()
  local effect = record and findEffect(record, name)
  if not record or not isSameAttempt(record, effect, owner, fence, attemptNumber) then
    return 'notFound'
  end
  local state, before = seenState(record, effect), scoreOf(record, effect)
  local already = { 'already', EFFECT_STATES[state] }

  local function resolved()
    local resolutions = record[RESOLUTIONS] or {}
    resolutions[#resolutions + 1] = { attemptId, verdict, by, why, now }
    -- A policy may have a word before each try.
    if #resolutions > 20 then table.remove(resolutions, 1) end
    set(record, RESOLUTIONS, resolutions)
    -- Somebody looked at it: that is a new start. A policy's word is none.
    if verdict ~= 'resend' then setTries(record, 0) end
    saveEffect(record, effect, before)
    return 'resolved'
  end

  if verdict == 'accept-payload' then
    if record[FINGERPRINT] == payload then return already end
    record[FINGERPRINT] = payload
    return resolved()
  end
  if verdict == 'sent' then
    if state == SENDING then return { 'tooEarly', num(staleAtOf(record, effect)) } end
    if state ~= UNKNOWN and state ~= REJECTED then return already end
    effect[EFFECT_STATE] = ACCEPTED
    clear(effect, EFFECT_OLDER_BY)
    set(effect, EFFECT_RECEIPT, { VIA_OPERATOR, now - startedAtOf(record, effect), false })
    if record[STATE] == DEAD then set(effect, EFFECT_SETTLED_AFTER_DEAD_LETTER, true) end
    return resolved()
  end
  if verdict == 'not-sent' then
    if state ~= UNKNOWN and state ~= SENDING then return already end
    local staleAt = staleAtOf(record, effect)
    if state == SENDING or now < staleAt then
      return { 'tooEarly', num(math.max(staleAt, now + 1)) }
    end
    effect[EFFECT_STATE] = REJECTED
    set(effect, EFFECT_REASON, 'resolved not sent')
    -- Of all that were begun so far: staleAt is the last one's.
    clear(effect, EFFECT_OLDER_BY)
    return resolved()
  end
  if verdict == 'resend' then
    if state ~= UNKNOWN then return already end
    effect[EFFECT_STATE] = REJECTED
    set(effect, EFFECT_REASON, 'resend by policy')
    if not effect[EFFECT_OLDER_BY] then set(effect, EFFECT_OLDER_BY, 0) end
    return resolved()
  end
  if state ~= BLOCKED then return already end
  if verdict == 'allow' then
    effect[EFFECT_STATE] = REJECTED
    set(effect, EFFECT_ALLOWED, true)
    return resolved()
  end
  if verdict == 'drop' then
    effect[EFFECT_STATE] = DROPPED
    return resolved()
  end
  return redis.error_reply('ERR unknown verdict ' .. verdict)
end
