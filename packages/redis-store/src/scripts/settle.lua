-- A provider that accepts for ever must not grow a record without bound.
local MAX_DUPLICATES = 10

local VIA_CODES = {
  provider = VIA_PROVIDER, event = VIA_EVENT, operator = VIA_OPERATOR, simulated = VIA_SIMULATED,
}

local function storedReceipt(record, effect, receipt)
  return { VIA_CODES[receipt.via], receipt.at - startedAtOf(record, effect), receipt.id }
end

-- The effect is accepted already: the same proof again, a better one, or a proven duplicate.
local function anotherReceipt(record, effect, receipt)
  local known = effect[EFFECT_RECEIPT]
  if not receipt.id or receipt.via == 'simulated' or receipt.id == known[RECEIPT_ID] then
    return 'settled'
  end
  if not known[RECEIPT_ID] or known[RECEIPT_VIA] == VIA_SIMULATED then
    effect[EFFECT_RECEIPT] = storedReceipt(record, effect, receipt)
    save(record)
    return 'settled'
  end
  local reply = { 'duplicateOf', receiptReply(record, effect, known) }
  local others = effect[EFFECT_DUPLICATES] or {}
  if #others >= MAX_DUPLICATES then return reply end
  for _, other in ipairs(others) do
    if other[RECEIPT_ID] == receipt.id then return reply end
  end
  others[#others + 1] = storedReceipt(record, effect, receipt)
  set(effect, EFFECT_DUPLICATES, others)
  save(record)
  return reply
end

-- What is certain of a record that was lost: one attempt at one effect was accepted.
local function recreate(granted, name, owner, fence, attemptNumber, receipt)
  local keyText, pipeline, messageId, fingerprint, retentionMs = unpack(granted)
  local record = {
    OWN_FORMAT, RELEASED, fence, now, 0, owner, messageId, pipeline, fingerprint, keyText,
  }
  local accepted = effectBy(record, name, ACCEPTED, owner, fence, attemptNumber)
  set(accepted, EFFECT_RECEIPT, storedReceipt(record, accepted, receipt))
  putEffect(record, accepted)
  writeFor(retentionMs, encode(record), 'NX')
  return 'recreated'
end

-- Whether the attempt may be one of this record's: none is later than what was granted last. Where nothing
-- was granted none is, however often events name it.
local function mayBeOurs(record, effect, owner, fence, attemptNumber)
  if not effect or effect[EFFECT_FOREIGN] then return false end
  local last = fenceOf(record, effect)
  if fence ~= last then return fence < last end
  return owner == ownerOf(record, effect) and attemptNumber <= effect[EFFECT_ATTEMPT_NUMBER]
end

-- An event says that the provider accepted an attempt of which the record knows nothing. It doesn't satisfy
-- the effect, which may never have been sent, nor may that be begun.
local function doubt(record, effect, name, owner, fence, attemptNumber)
  local state, doubted, before = effect and effect[EFFECT_STATE], effect, scoreOf(record, effect)
  -- Nothing is begun any more.
  if record[STATE] == DONE or state == DROPPED then return 'unknownAttempt' end
  if state == UNKNOWN and effect[EFFECT_OLDER_BY] then return 'unknownAttempt' end
  if not doubted then
    doubted = effectBy(record, name, UNKNOWN, owner, fence, attemptNumber)
    set(doubted, EFFECT_FOREIGN, true)
    -- Nor does a refusal of that attempt free it.
    set(doubted, EFFECT_OLDER_BY, 0)
    putEffect(record, doubted)
  else
    doubted[EFFECT_STATE] = UNKNOWN
    if not doubted[EFFECT_OLDER_BY] then set(doubted, EFFECT_OLDER_BY, 0) end
  end
  set(doubted, EFFECT_REASON, 'evidence of an attempt that the record does not know')
  saveEffect(record, doubted, before)
  return 'unknownAttempt'
end

local function settleAccepted(record, effect, name, owner, fence, attemptNumber, receipt)
  if effect and effect[EFFECT_STATE] == ACCEPTED then
    return anotherReceipt(record, effect, receipt)
  end
  if receipt.via == 'event' and not mayBeOurs(record, effect, owner, fence, attemptNumber) then
    return doubt(record, effect, name, owner, fence, attemptNumber)
  end
  local before = scoreOf(record, effect)
  local accepted = effect
  if not isSameAttempt(record, effect, owner, fence, attemptNumber) then
    accepted = effectBy(record, name, ACCEPTED, owner, fence, attemptNumber)
    if effect then
      local floor, floorFence = floorOf(effect), floorFenceOf(record, effect)
      if floorFence == fence then floor = math.max(floor, attemptNumber) end
      if floor ~= attemptNumber then set(accepted, EFFECT_FLOOR, floor) end
      if floorFence ~= fence then set(accepted, EFFECT_FLOOR_FENCE, floorFence) end
    end
    putEffect(record, accepted)
  end
  accepted[EFFECT_STATE] = ACCEPTED
  clear(accepted, EFFECT_REASON)
  clear(accepted, EFFECT_ALLOWED)
  clear(accepted, EFFECT_OLDER_BY)
  clear(accepted, EFFECT_FOREIGN)
  accepted[EFFECT_RECEIPT] = storedReceipt(record, accepted, receipt)
  if record[STATE] == DEAD then set(accepted, EFFECT_SETTLED_AFTER_DEAD_LETTER, true) end
  saveEffect(record, accepted, before)
  if record[STATE] == DEAD then return { 'settledAfterDeadLetter', wire(record[DEAD_LETTER]) } end
  return 'settled'
end

local function settleRejected(record, effect, name, owner, fence, attemptNumber, reason)
  local before = scoreOf(record, effect)
  if isSameAttempt(record, effect, owner, fence, attemptNumber) then
    local state = effect[EFFECT_STATE]
    if state == REJECTED then return 'settled' end
    if state ~= SENDING and state ~= UNKNOWN then return 'lost' end
    set(effect, EFFECT_REASON, reason)
    -- Of an earlier attempt that says nothing.
    local isOpen = effect[EFFECT_OLDER_BY]
    effect[EFFECT_STATE] = isOpen and UNKNOWN or REJECTED
    saveEffect(record, effect, before)
    return isOpen and { 'unknown', attemptReply(record, effect) } or 'settled'
  end
  local ours = record[OWNER] == owner and record[FENCE] == fence
  if not ours or record[STATE] == DONE or record[STATE] == DEAD then return 'lost' end
  if not effect then
    -- Remembered, so that a begin that comes late is lost.
    local givenUp = effectBy(record, name, REJECTED, owner, fence, attemptNumber)
    set(givenUp, EFFECT_REASON, reason)
    putEffect(record, givenUp)
    save(record)
    return 'settled'
  end
  if isBelowFloor(record, effect, fence, attemptNumber) then return 'settled' end
  set(effect, EFFECT_FLOOR, attemptNumber)
  set(effect, EFFECT_FLOOR_FENCE, fence)
  save(record)
  return 'settled'
end

local function settleUnknown(record, effect, owner, fence, attemptNumber, reason)
  if not isSameAttempt(record, effect, owner, fence, attemptNumber) then return 'lost' end
  if not holds(record, owner, fence) or not isLive(record) then return 'lost' end
  if effect[EFFECT_STATE] == UNKNOWN then return 'settled' end
  if effect[EFFECT_STATE] ~= SENDING then return 'lost' end
  effect[EFFECT_STATE] = UNKNOWN
  set(effect, EFFECT_REASON, reason)
  save(record)
  return 'settled'
end

local function operate(
  name, owner, fence, attemptNumber, status, reason, receiptId, receiptAt, via, granted
)
  local record = load()
  local receipt = { via = via, at = receiptAt, id = receiptId ~= '' and receiptId }
  if not record then
    if status ~= 'accepted' then return 'lost' end
    if not granted then return 'unknownAttempt' end
    return recreate(granted, name, owner, fence, attemptNumber, receipt)
  end
  local effect = findEffect(record, name)
  if status == 'accepted' then
    return settleAccepted(record, effect, name, owner, fence, attemptNumber, receipt)
  end
  if status == 'rejected' then
    return settleRejected(record, effect, name, owner, fence, attemptNumber, reason)
  end
  return settleUnknown(record, effect, owner, fence, attemptNumber, reason)
end
