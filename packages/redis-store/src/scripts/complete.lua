local function isWaived(waived, name)
  for _, waiver in ipairs(waived) do
    if waiver[WAIVER_EFFECT] == name then return true end
  end
  return false
end

-- `waived` is a list of what the handler gave up: the effect's name and the reason, each.
local function operate(owner, fence, waived, fingerprint, retentionMs)
  local record = load()
  if not record then return 'lost' end
  if record[STATE] == DONE and record[OWNER] == owner and record[FENCE] == fence then return 'done' end
  local wasReleasedBy = record[STATE] == RELEASED and record[OWNER] == owner and record[FENCE] == fence
  if not holds(record, owner, fence) and not wasReleasedBy then return 'lost' end
  local open, isSettled = {}, true
  for _, effect in ipairs(effectsOf(record)) do
    if effect[EFFECT_STATE] ~= ACCEPTED then
      isSettled = false
      if effect[EFFECT_STATE] ~= DROPPED and not isWaived(waived, effect[EFFECT_NAME]) then
        open[#open + 1] = attemptReply(record, effect)
      end
    end
  end
  if #open > 0 then return { 'unresolved', open } end
  -- Only unsettled records need words.
  if isSettled then clear(record, KEY_TEXT) end
  record[STATE] = DONE
  record[LEASED_FOR] = now - record[CLAIMED_AT]
  if #waived > 0 then set(record, WAIVED, waived) end
  if not record[FINGERPRINT] and fingerprint ~= '' then record[FINGERPRINT] = fingerprint end
  save(record, now + retentionMs)
  return 'done'
end
