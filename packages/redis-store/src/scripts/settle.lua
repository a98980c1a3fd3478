-- A provider that accepts for ever must not grow a record without bound.
local MAX_DUPLICATES = 10

-- Accepted, by the record's only attempt under its own claim, as most are; nil if this isn't it.
local function settleSent(
  name, owner, fence, attemptNumber, receiptId, receiptAt, via,
  state, itsFence, leaseUntil, leasedFor, itsOwner, messageId, bound, pipeline, keyText, few,
  effect, another
)
  if another or not effect then return nil end
  if state ~= CLAIMED or itsOwner ~= owner or itsFence ~= fence then return nil end
  local itsName, itsState, itsNumber, startedAfter, timeoutMs, validityMs, _, _, _, _, fewOfEffect =
    cmsgpack.unpack(effect)
  if fewOfEffect or itsName ~= name or itsState ~= SENDING or itsNumber ~= attemptNumber then return nil end
  local receiptAfter = receiptAt - (leaseUntil - leasedFor) - startedAfter
  local text = cmsgpack.pack(
    CLAIMED, fence, leaseUntil, leasedFor, owner, messageId, bound, pipeline, keyText, few,
    cmsgpack.pack(
      name, ACCEPTED, attemptNumber, startedAfter, timeoutMs, validityMs, 0,
      VIA_CODES[via], receiptAfter, receiptId ~= '' and receiptId, false
    )
  )
  unlist(name)
  write(text)
  return 'settled'
end

local function operate(name, owner, fence, attemptNumber, status, reason, receiptId, receiptAt, via)
  local text = stored()
  if not text then return status == 'accepted' and 'unknownAttempt' or 'lost' end
  if status == 'accepted' then
    local settled = settleSent(
      name, owner, fence, attemptNumber, receiptId, receiptAt, via, cmsgpack.unpack(text)
    )
    if settled then return settled end
  end

  -- The effect is accepted already: the same proof again, a better one, or a proven duplicate.
  local function anotherReceipt(record, effect, receipt)
    local known = effect.receipt
    if not receipt.id or receipt.via == 'simulated' or receipt.id == known.id then
      return 'settled'
    end
    if not known.id or known.via == 'simulated' then
      effect.receipt = receipt
      save(record)
      return 'settled'
    end
    local reply = { 'duplicateOf', receiptReply(known) }
    local others = effect.duplicates or {}
    if #others >= MAX_DUPLICATES then return reply end
    for _, other in ipairs(others) do
      if other[1] == receipt.id then return reply end
    end
    others[#others + 1] = { receipt.id, receipt.at, VIA_CODES[via] }
    effect.duplicates = others
    save(record)
    return reply
  end

  local function settleAccepted(record, effect)
    local receipt = { id = receiptId ~= '' and receiptId or nil, at = receiptAt, via = via }
    if effect and effect.state == 'accepted' then return anotherReceipt(record, effect, receipt) end
    local sameOne = isSameAttempt(effect, owner, fence, attemptNumber)
    local floor = attemptNumber
    if effect then
      floor = effect.floorFence == fence and math.max(effect.floor, attemptNumber) or effect.floor
    end
    putEffect(record, {
      effect = name,
      state = 'accepted',
      owner = owner,
      fence = fence,
      attemptNumber = attemptNumber,
      floor = floor,
      floorFence = effect and effect.floorFence or fence,
      startedAt = sameOne and effect.startedAt or now,
      deadline = sameOne and effect.deadline or now,
      staleAt = sameOne and effect.staleAt or now,
      receipt = receipt,
      settledAfterDeadLetter = record.state == 'dead',
    })
    save(record)
    if record.state == 'dead' then return { 'settledAfterDeadLetter', deadReply(record.dead) } end
    return 'settled'
  end

  local function settleRejected(record, effect)
    if isSameAttempt(effect, owner, fence, attemptNumber) then
      if effect.state == 'rejected' then return 'settled' end
      if effect.state ~= 'sending' and effect.state ~= 'unknown' then return 'lost' end
      effect.state, effect.reason = 'rejected', reason
      save(record)
      return 'settled'
    end
    local ours = record.owner == owner and record.fence == fence
    if not ours or record.state == 'done' or record.state == 'dead' then return 'lost' end
    if not effect then
      -- Remembered, so that a begin that comes late is lost.
      putEffect(record, {
        effect = name,
        state = 'rejected',
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
      save(record)
      return 'settled'
    end
    if effect.floorFence == fence and effect.floor >= attemptNumber then return 'settled' end
    effect.floor, effect.floorFence = attemptNumber, fence
    save(record)
    return 'settled'
  end

  local function settleUnknown(record, effect)
    if not isSameAttempt(effect, owner, fence, attemptNumber) then return 'lost' end
    if not holds(record, owner, fence) or not isLive(record) then return 'lost' end
    if effect.state == 'unknown' then return 'settled' end
    if effect.state ~= 'sending' then return 'lost' end
    effect.state, effect.reason = 'unknown', reason
    save(record)
    return 'settled'
  end

  local record = load()
  local effect = findEffect(record, name)
  if status == 'accepted' then return settleAccepted(record, effect) end
  if status == 'rejected' then return settleRejected(record, effect) end
  return settleUnknown(record, effect)
end
