import { traineeIdOf } from "./cognito-pool.js";

/** A form event as the producer sends it, of the first trainee of the local pool. */
export function sampleForm(changes: Readonly<Record<string, unknown>> = {}) {
  return {
    formName: `${crypto.randomUUID()}.json`,
    lifecycleState: "SUBMITTED",
    traineeId: traineeIdOf(0),
    formType: "formr-a",
    eventDate: new Date().toISOString(),
    formContentDto: { programmeSpecialty: "General Practice" },
    ...changes,
  };
}

export function sampleCredential(changes: Readonly<Record<string, unknown>> = {}) {
  return {
    credentialId: crypto.randomUUID(),
    credentialType: "Training Placement",
    issuedAt: new Date().toISOString(),
    traineeId: traineeIdOf(0),
    ...changes,
  };
}
