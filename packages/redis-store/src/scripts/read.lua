local function operate()
  local record = load()
  if not record then return false end
  local duplicates = {}
  for _, effect in ipairs(record.effects) do
    if effect.duplicates then
      duplicates[#duplicates + 1] = { effect.effect, '[' .. effect.duplicates .. ']' }
    end
  end
  return {
    record.keyText or false,
    record.pipeline,
    record.state,
    isLive(record) and '1' or '0',
    record.owner,
    num(record.fence),
    num(record.leaseUntil),
    record.messageId,
    record.fingerprint or false,
    infoReplies(record),
    record.waived or false,
    record.dead and deadReply(record.dead) or false,
    duplicates,
    record.resolutions and '[' .. record.resolutions .. ']' or false,
  }
end
