-- A claim's first attempt at a record's first effect, as most are; nil if this isn't one.
local function beginFirst(
  name, owner, fence, attemptNumber, timeoutMs, validityMs, fingerprint,
  state, itsFence, leaseUntil, leasedFor, itsOwner, messageId, bound, pipeline, keyText, few, anEffect
)
  if anEffect or few or bound then return nil end
  if state ~= CLAIMED or itsOwner ~= owner or itsFence ~= fence or leaseUntil <= now then return nil end
  local claimedAt = leaseUntil - leasedFor
  local deadline = now + timeoutMs
  -- First: what is no number must not get as far as the list of what needs attention.
  local staleAt = deadline + validityMs
  list(name, deadline)
  write(cmsgpack.pack(
    CLAIMED, fence, leaseUntil, leasedFor, owner, messageId, fingerprint, pipeline, keyText, false,
    cmsgpack.pack(
      name, SENDING, attemptNumber, now - claimedAt, timeoutMs, staleAt - deadline, 0, false, false, false, false
    )
  ))
  return 'granted'
end

local function operate(name, owner, fence, attemptNumber, timeoutMs, validityMs, fingerprint)
  local text = stored()
  if not text then return 'lost' end
  local granted = beginFirst(
    name, owner, fence, attemptNumber, timeoutMs, validityMs, fingerprint, cmsgpack.unpack(text)
  )
  if granted then return granted end
  local record = load()
  local effect = findEffect(record, name)
  if effect and effect.state == 'accepted' then
    return { 'accepted', receiptReply(effect.receipt) }
  end
  if not holds(record, owner, fence) or not isLive(record) then return 'lost' end
  if record.fingerprint and record.fingerprint ~= fingerprint then return 'lost' end
  if effect then
    if effect.state == 'sending' then
      -- Granted once: only the identical attempt is a replay.
      if isSameAttempt(effect, owner, fence, attemptNumber) then return 'granted' end
      return { 'unknown', infoReply(record, effect, 'unknown') }
    end
    if effect.state ~= 'rejected' then return { effect.state, infoReply(record, effect) } end
    if effect.floorFence == fence and attemptNumber <= effect.floor then return 'lost' end
  end
  putEffect(record, {
    effect = name,
    state = 'sending',
    owner = owner,
    fence = fence,
    attemptNumber = attemptNumber,
    floor = attemptNumber,
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
