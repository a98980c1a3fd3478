import type { AttemptInfo } from "@exactly-once/core/ports";
import { attemptHeader, emailTags } from "@exactly-once/ses-adapter";
import { showAge, showMoment } from "./moments.js";

/** What to look for, and what to do then, for one attempt that needs attention. */
export function evidenceFor(attempt: AttemptInfo, now: number): readonly string[] {
  const { attemptId, startedAt, staleAt } = attempt;
  switch (attempt.state) {
    case "unknown":
      return [
        `proof that its provider took it between ${showMoment(startedAt)} and ${showMoment(staleAt)}, as its sender says (\`evidence\`):`,
        `by SES: an event (Send, Delivery, Bounce, …) whose mail.tags["${emailTags.attempt}"] is this attempt's id, mail.messageId being the receipt; or the email itself, its header ${attemptHeader} being this id`,
        "by GOV.UK Notify: the notification whose reference is this id; its own id is the receipt",
        `by webhook: the receiver's record of the webhook-id ${effectIdOf(attemptId)}; a receiver that has it took it`,
        `found: resolve ${attemptId} --sent`,
        now < staleAt
          ? `not found: resolve … --not-sent, ${showAge(staleAt, now)} at the earliest, since until then the provider could still take it`
          : `not found, where the provider would surely show it by now: resolve … --not-sent, and it is sent again`,
      ];
    case "blocked":
      return [
        "it was never begun: the tripwire found the same content to the same recipient, or too much of it",
        "meant all the same: resolve … --allow; a mistake, such as a wrong key: resolve … --drop",
      ];
    case "sending":
      return ["it is under way: look again when its claim has ended"];
    case "accepted":
    case "rejected":
    case "dropped":
      return [];
  }
}

/** The same for every attempt at the effect: the attempt's id without owner, fence and number. */
function effectIdOf(attemptId: string): string {
  return attemptId.split("-").slice(0, -3).join("-");
}
