local function isSimulated(effect)
  local receipt = effect[EFFECT_STATE] == ACCEPTED and effect[EFFECT_RECEIPT]
  return receipt and receipt[RECEIPT_VIA] == VIA_SIMULATED
end

-- A dry run's simulated receipts never satisfy a live claim.
local function mustRedoLive(record, simulated)
  if simulated then return false end
  for _, effect in ipairs(effectsOf(record)) do
    if isSimulated(effect) then return true end
  end
  return false
end

local function claimed(record, unended)
  return { 'claimed', record[FENCE], attemptReplies(record), triesOf(record), unended and 1 or 0 }
end

local function dropSimulated(record)
  local kept = {}
  for _, effect in ipairs(effectsOf(record)) do
    if not isSimulated(effect) then kept[#kept + 1] = effect end
  end
  record[EFFECTS] = #kept > 0 and kept
end

local function operate(
  keyText, pipeline, owner, leaseMs, messageId, fingerprint, simulated, retentionMs
)
  if not stored() then
    -- The first to ask, as most are.
    local text = cmsgpack.pack(
      OWN_FORMAT, CLAIMED, 1, now, leaseMs, owner, messageId, pipeline, false, keyText
    )
    writeFor(leaseMs + retentionMs, text, 'NX')
    return { 'claimed', 1, {}, 1, 0 }
  end
  local record = load()
  local note = record[STATE] == DEAD and record[DEAD_LETTER]
  if note and note[DEAD_LETTER_MESSAGE_ID] == messageId then
    return { 'dead', note[DEAD_LETTER_REASON], attemptReplies(record) }
  end
  local bound = record[FINGERPRINT]
  if bound and bound ~= fingerprint then return { 'conflict', bound, attemptReplies(record) } end
  if record[STATE] == DONE and not mustRedoLive(record, simulated) then
    redis.call('PEXPIRE', key, string.format('%.0f', math.ceil(retentionMs)))
    return { 'done', attemptReplies(record) }
  end
  if isLive(record) then
    if record[OWNER] == owner then return claimed(record, false) end
    return { 'busy', num(math.min(leaseUntilOf(record) - now, leaseMs)), num(record[CLAIMED_AT]) }
  end
  if not simulated then dropSimulated(record) end
  detachEffects(record, now)
  sendingToUnknown(record)
  -- Its lease ended without a word.
  local unended = record[STATE] == CLAIMED
  local goesOn = unended or record[STATE] == RELEASED
  setTries(record, goesOn and triesOf(record) + 1 or 1)
  record[STATE], record[FENCE] = CLAIMED, record[FENCE] + 1
  record[CLAIMED_AT], record[LEASED_FOR] = now, leaseMs
  record[OWNER], record[MESSAGE_ID], record[PIPELINE] = owner, messageId, pipeline
  set(record, KEY_TEXT, keyText)
  clear(record, WAIVED)
  clear(record, DEAD_LETTER)
  save(record, now + leaseMs + retentionMs)
  return claimed(record, unended)
end
