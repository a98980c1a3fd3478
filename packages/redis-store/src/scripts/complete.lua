-- Held by its claim, with one effect, accepted, as most are; nil if it isn't so.
local function completeOne(
  owner, fence, fingerprint, retentionMs,
  state, itsFence, leaseUntil, leasedFor, itsOwner, messageId, bound, pipeline, _, few, effect, another
)
  if another or few or not effect then return nil end
  if state ~= CLAIMED or itsOwner ~= owner or itsFence ~= fence then return nil end
  local _, itsState = cmsgpack.unpack(effect)
  if itsState ~= ACCEPTED then return nil end
  writeFor(retentionMs, cmsgpack.pack(
    DONE, fence, now, now - (leaseUntil - leasedFor), owner, messageId,
    bound or fingerprint ~= '' and fingerprint, pipeline, false, false, effect
  ))
  return 'done'
end

local function operate(owner, fence, waivedJson, fingerprint, retentionMs)
  local text = stored()
  if not text then return 'lost' end
  if waivedJson == '' then
    local done = completeOne(owner, fence, fingerprint, retentionMs, cmsgpack.unpack(text))
    if done then return done end
  end
  local record = load()
  if record.state == 'done' and record.owner == owner and record.fence == fence then return 'done' end
  if not holds(record, owner, fence) then return 'lost' end
  local waived = waivedJson ~= '' and cjson.decode(waivedJson) or {}
  local open, isSettled = {}, true
  for _, effect in ipairs(record.effects) do
    if effect.state ~= 'accepted' then
      isSettled = false
      if effect.state ~= 'dropped' and waived[effect.effect] == nil then
        open[#open + 1] = infoReply(record, effect)
      end
    end
  end
  if #open > 0 then return { 'unresolved', open } end
  -- Only unsettled records need words.
  if isSettled then record.keyText = nil end
  record.state = 'done'
  record.leaseUntil = now
  if waivedJson ~= '' then record.waived = waivedJson end
  if not record.fingerprint and fingerprint ~= '' then record.fingerprint = fingerprint end
  save(record, now + retentionMs)
  return 'done'
end
