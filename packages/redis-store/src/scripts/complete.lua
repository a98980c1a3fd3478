local function operate(owner, fence, waivedJson, fingerprint, retentionMs)
  local record = load()
  if not record then return 'lost' end
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
