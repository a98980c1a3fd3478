-- Whether whatever is still sent of the attempt comes while the provider knows the earliest one.
local function mayRepeat(record, effect, timeoutMs, validityMs, repeatWithinMs)
  if not repeatWithinMs then return false end
  local since = unknownSinceOf(record, effect) or startedAtOf(record, effect)
  return now + timeoutMs + validityMs < since + repeatWithinMs
end

local function operate(
  name, owner, fence, attemptNumber, timeoutMs, validityMs, fingerprint, repeatWithinMs
)
  local record = load()
  if not record then return 'lost' end
  local effect = findEffect(record, name)
  local state = effect and effect[EFFECT_STATE]
  if state == ACCEPTED then
    return { 'accepted', receiptReply(record, effect, effect[EFFECT_RECEIPT]) }
  end
  if not holds(record, owner, fence) or not isLive(record) then return 'lost' end
  if record[FINGERPRINT] and record[FINGERPRINT] ~= fingerprint then return 'lost' end
  if state == SENDING then
    -- Granted once: only the identical attempt is a replay.
    if not isSameAttempt(record, effect, owner, fence, attemptNumber) then
      return { 'unknown', attemptReply(record, effect, UNKNOWN) }
    end
    -- Written again, since replicas are waited for: there has to be a write of this very call.
    write(stored())
    return 'granted'
  end
  local repeats = state == UNKNOWN
    and mayRepeat(record, effect, timeoutMs, validityMs, repeatWithinMs)
  if state and state ~= REJECTED and not repeats then
    return { EFFECT_STATES[state], attemptReply(record, effect) }
  end
  if state and isBelowFloor(record, effect, fence, attemptNumber) then return 'lost' end
  local begun = effectBy(record, name, SENDING, owner, fence, attemptNumber)
  -- JSON has no word for what is endless or no number: an error here, before anything is written.
  begun[EFFECT_TIMEOUT_MS], begun[EFFECT_VALIDITY_MS] = timeoutMs + 0, validityMs + 0
  if state and effect[EFFECT_ALLOWED] then set(begun, EFFECT_ALLOWED, true) end
  keepOpen(record, begun, effect)
  putEffect(record, begun)
  record[FINGERPRINT] = fingerprint
  saveEffect(record, begun)
  return 'granted'
end
