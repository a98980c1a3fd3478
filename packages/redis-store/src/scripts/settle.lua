-- A provider that accepts for ever must not grow a record without bound.
local MAX_DUPLICATES = 10

local function operate(name, owner, fence, n, status, reason, receiptId, receiptAt, via)
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
    local sameOne = isSameAttempt(effect, owner, fence, n)
    local floor = n
    if effect then
      floor = effect.floorFence == fence and math.max(effect.floor, n) or effect.floor
    end
    putEffect(record, {
      effect = name,
      state = 'accepted',
      owner = owner,
      fence = fence,
      n = n,
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
    if isSameAttempt(effect, owner, fence, n) then
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
        n = n,
        floor = n,
        floorFence = fence,
        startedAt = now,
        deadline = now,
        staleAt = now,
        reason = reason,
      })
      save(record)
      return 'settled'
    end
    if effect.floorFence == fence and effect.floor >= n then return 'settled' end
    effect.floor, effect.floorFence = n, fence
    save(record)
    return 'settled'
  end

  local function settleUnknown(record, effect)
    if not isSameAttempt(effect, owner, fence, n) then return 'lost' end
    if not holds(record, owner, fence) or not isLive(record) then return 'lost' end
    if effect.state == 'unknown' then return 'settled' end
    if effect.state ~= 'sending' then return 'lost' end
    effect.state, effect.reason = 'unknown', reason
    save(record)
    return 'settled'
  end

  local record = load()
  if not record then return status == 'accepted' and 'unknownAttempt' or 'lost' end
  local effect = findEffect(record, name)
  if status == 'accepted' then return settleAccepted(record, effect) end
  if status == 'rejected' then return settleRejected(record, effect) end
  return settleUnknown(record, effect)
end
