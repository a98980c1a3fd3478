import type { CauseOf } from "../history/tell-causes.js";
import { CREDENTIAL_TEMPLATE } from "./email.js";
import type { CredentialRevokedEvent } from "./event.js";

/** Why an email about a credential is sent. Its type and id are left out: they are free text. */
export const credentialCause: CauseOf<CredentialRevokedEvent> = (event) => ({
  traineeId: event.traineeId,
  template: CREDENTIAL_TEMPLATE,
  event: { issuedAt: event.issuedAt },
});
