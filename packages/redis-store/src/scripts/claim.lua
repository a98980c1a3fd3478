local key, keyText, pipeline, owner = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local leaseMs, messageId, fingerprint = tonumber(ARGV[5]), ARGV[6], ARGV[7]
local simulated, retentionMs = ARGV[8] == '1', tonumber(ARGV[9])

local function isSimulated(effect)
  return effect.state == 'accepted' and effect.receipt ~= nil and effect.receipt.via == 'simulated'
end

-- A dry run's simulated receipts never satisfy a live claim.
local function mustRedoLive(record)
  if simulated then return false end
  for _, effect in ipairs(record.effects) do
    if isSimulated(effect) then return true end
  end
  return false
end

local function grant(before)
  local kept = {}
  for _, effect in ipairs(before and before.effects or {}) do
    if simulated or not isSimulated(effect) then kept[#kept + 1] = effect end
  end
  sendingToUnknown(kept)
  local record = {
    state = 'claimed',
    keyText = keyText,
    pipeline = pipeline,
    owner = owner,
    fence = (before and before.fence or 0) + 1,
    leaseUntil = now + leaseMs,
    claimedAt = now,
    messageId = messageId,
    effects = kept,
    fingerprint = before and before.fingerprint,
    resolutions = before and before.resolutions,
  }
  if #kept == 0 then record.expiresAt = record.leaseUntil + retentionMs end
  save(record, key)
  return { 'claimed', num(record.fence), infoReplies(record) }
end

local record = load(KEYS[1])
if not record then return grant(nil) end
if record.state == 'dead' and record.dead.messageId == messageId then
  return { 'dead', record.dead.reason, infoReplies(record) }
end
if record.fingerprint and record.fingerprint ~= fingerprint then
  return { 'conflict', record.fingerprint, infoReplies(record) }
end
if record.state == 'done' and not mustRedoLive(record) then
  redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', math.ceil(now + retentionMs)))
  return { 'done', infoReplies(record) }
end
if isLive(record) then
  if record.owner == owner then return { 'claimed', num(record.fence), infoReplies(record) } end
  return { 'busy', num(record.leaseUntil - now), num(record.claimedAt) }
end
return grant(record)
