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

local function settleAccepted(record, effect, name, owner, fence, attemptNumber, receipt)
  if effect and effect[EFFECT_STATE] == ACCEPTED then
    return anotherReceipt(record, effect, receipt)
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
  name, owner, fence, attemptNumber, status, reason, receiptId, receiptAt, via
)
  local record = load()
  if not record then return status == 'accepted' and 'unknownAttempt' or 'lost' end
  local effect = findEffect(record, name)
  if status == 'accepted' then
    local receipt = { via = via, at = receiptAt, id = receiptId ~= '' and receiptId }
    return settleAccepted(record, effect, name, owner, fence, attemptNumber, receipt)
  end
  if status == 'rejected' then
    return settleRejected(record, effect, name, owner, fence, attemptNumber, reason)
  end
  return settleUnknown(record, effect, owner, fence, attemptNumber, reason)
end
