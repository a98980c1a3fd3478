local function operate(
  keyText, pipeline, messageId, reason, owner, fence, retentionMs
)
  local before = load()
  if before then
    if before.state == 'done' then return 'done' end
    if before.state == 'dead' and before.dead.messageId == messageId then return 'dead' end
    if isLive(before) and not holds(before, owner, fence) then return 'busy' end
    local tooEarly = 0
    for _, effect in ipairs(before.effects) do
      if effect.state == 'sending' or effect.state == 'unknown' then
        tooEarly = math.max(tooEarly, effect.staleAt)
      end
    end
    if tooEarly > now then return { 'tooEarly', num(tooEarly) } end
  end
  local record = {
    state = 'dead',
    keyText = keyText,
    pipeline = pipeline,
    owner = '',
    -- Whatever the old claim still does is stale.
    fence = (before and before.fence or 0) + 1,
    leaseUntil = now,
    claimedAt = before and before.claimedAt or now,
    messageId = messageId,
    effects = before and before.effects or {},
    dead = { messageId = messageId, reason = reason, at = now },
    fingerprint = before and before.fingerprint,
    resolutions = before and before.resolutions,
  }
  sendingToUnknown(record.effects)
  save(record, now + retentionMs)
  return 'dead'
end
