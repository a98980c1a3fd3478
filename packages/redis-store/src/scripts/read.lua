local function operate()
  local record = load()
  if not record then return false end
  local duplicates = {}
  for _, effect in ipairs(record.effects) do
    local receipts = {}
    for i, other in ipairs(effect.duplicates or {}) do
      receipts[i] = receiptReply({ id = other[1], at = other[2], via = VIAS[other[3]] })
    end
    if #receipts > 0 then duplicates[#duplicates + 1] = { effect.effect, receipts } end
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
