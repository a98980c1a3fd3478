local function operate(keyText, pipeline, messageId, reason, owner, fence, retentionMs)
  local record = load()
  local note = { messageId, reason, now }
  if not record then
    -- Its own past is unknown: only what comes from here on is kept.
    record = {
      OWN_FORMAT, DEAD, 1, now, 0, '', messageId, pipeline, false, keyText, false, false, note, false, 0,
    }
    writeFor(retentionMs, cmsgpack.pack(unpack(record)), 'NX')
    return 'dead'
  end
  if record[STATE] == DONE then return 'done' end
  if record[STATE] == DEAD and record[DEAD_LETTER][DEAD_LETTER_MESSAGE_ID] == messageId then
    return 'dead'
  end
  if isLive(record) and not holds(record, owner, fence) then return 'busy' end
  local tooEarly = 0
  for _, effect in ipairs(effectsOf(record)) do
    local state = effect[EFFECT_STATE]
    if state == SENDING or state == UNKNOWN or effect[EFFECT_OLDER_BY] then
      tooEarly = math.max(tooEarly, staleAtOf(record, effect))
    end
  end
  if tooEarly > now then return { 'tooEarly', num(tooEarly) } end
  detachEffects(record, record[CLAIMED_AT])
  sendingToUnknown(record)
  record[STATE] = DEAD
  -- Whatever the old claim still does is stale.
  record[OWNER], record[FENCE] = '', record[FENCE] + 1
  record[LEASED_FOR] = now - record[CLAIMED_AT]
  record[MESSAGE_ID], record[PIPELINE] = messageId, pipeline
  set(record, KEY_TEXT, keyText)
  clear(record, WAIVED)
  set(record, DEAD_LETTER, note)
  setTries(record, 0)
  save(record, now + retentionMs)
  return 'dead'
end
