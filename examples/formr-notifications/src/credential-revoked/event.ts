import { z } from "zod";
import { instant, shortText, traineeId } from "../event-fields.js";

/** A digital credential that a doctor held was revoked. */
export const credentialRevokedEvent = z.object({
  credentialId: shortText,
  credentialType: shortText,
  issuedAt: instant,
  traineeId,
});

export type CredentialRevokedEvent = z.infer<typeof credentialRevokedEvent>;
