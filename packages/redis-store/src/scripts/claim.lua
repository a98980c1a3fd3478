local function isSimulated(effect)
  return effect.state == 'accepted' and effect.receipt ~= nil and effect.receipt.via == 'simulated'
end

-- A dry run's simulated receipts never satisfy a live claim.
local function mustRedoLive(record, simulated)
  if simulated then return false end
  for _, effect in ipairs(record.effects) do
    if isSimulated(effect) then return true end
  end
  return false
end

local function claimed(record)
  if #record.effects == 0 then return { 'claimed', record.fence } end
  return { 'claimed', record.fence, infoReplies(record) }
end

-- The first to ask, as most are.
local function claimNew(keyText, pipeline, owner, leaseMs, messageId, retentionMs)
  writeFor(leaseMs + retentionMs, cmsgpack.pack(
    CLAIMED, 1, now + leaseMs, leaseMs, owner, messageId, false, pipeline, keyText, false
  ))
  return { 'claimed', 1 }
end

local function operate(
  keyText, pipeline, owner, leaseMs, messageId, fingerprint, simulated, retentionMs
)
  if not stored() then
    return claimNew(keyText, pipeline, owner, leaseMs, messageId, retentionMs)
  end

  local function grant(before)
    local kept = {}
    for _, effect in ipairs(before.effects) do
      if simulated or not isSimulated(effect) then kept[#kept + 1] = effect end
    end
    sendingToUnknown(kept)
    local record = {
      state = 'claimed',
      keyText = keyText,
      pipeline = pipeline,
      owner = owner,
      fence = before.fence + 1,
      leaseUntil = now + leaseMs,
      claimedAt = now,
      messageId = messageId,
      effects = kept,
      fingerprint = before.fingerprint,
      resolutions = before.resolutions,
    }
    save(record, record.leaseUntil + retentionMs)
    return claimed(record)
  end

  local record = load()
  if record.state == 'dead' and record.dead.messageId == messageId then
    return { 'dead', record.dead.reason, infoReplies(record) }
  end
  if record.fingerprint and record.fingerprint ~= fingerprint then
    return { 'conflict', record.fingerprint, infoReplies(record) }
  end
  if record.state == 'done' and not mustRedoLive(record, simulated) then
    redis.call('PEXPIRE', key, string.format('%.0f', math.ceil(retentionMs)))
    return { 'done', infoReplies(record) }
  end
  if isLive(record) then
    if record.owner == owner then return claimed(record) end
    return { 'busy', num(record.leaseUntil - now), num(record.claimedAt) }
  end
  return grant(record)
end
