import { credentialEmail } from "../credential-revoked/email.js";
import { formEmail } from "../form-updated/email.js";
import { createLocalPool } from "../local/cognito-pool.js";
import type { WorkloadEvent } from "./workload.js";

/** The application that the letters of the replay link to. */
export const APP_URL = "https://trainee.example.org";

/** An email as its reader knows it. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** A notification that one doctor should get once. */
export interface ExpectedEmail {
  /** The event's id. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  /** Two letters that nobody could tell apart have the same. */
  readonly identity: string;
}

/** Layout and line ends are the sender's business: what was said to whom is not. */
export function letterIdentity({ to, subject, text }: Letter): string {
  return [to, subject, text].map((part) => part.replace(/\s+/g, " ").trim()).join("\n");
}

/** What should be sent, from the workload alone: no service is asked. */
export function expectedEmails(
  workload: readonly WorkloadEvent[],
  pool: { readonly users: number; readonly seed: number },
): readonly ExpectedEmail[] {
  const users = createLocalPool(pool);
  return workload.map((event) => {
    const { email = "", family_name: familyName } = users.at(event.user).attributes;
    const letter = letterFor(event, { email, familyName });
    return { id: event.id, to: email, subject: letter.subject, identity: letterIdentity(letter) };
  });
}

function letterFor(
  event: WorkloadEvent,
  recipient: { readonly email: string; readonly familyName: string | undefined },
): Letter {
  switch (event.queue) {
    case "form-updated":
      return formEmail(event.body, recipient, APP_URL);
    case "credential-revoked":
      return credentialEmail(event.body, recipient, APP_URL);
  }
}
