import type { AttemptInfo } from "@exactly-once/core/ports";
import { attemptHeader, emailTags } from "@exactly-once/ses-adapter";
import { showAge, showMoment } from "./moments.js";

/** What to look for, and what to do then, for one attempt that needs attention. */
export function evidenceFor(attempt: AttemptInfo, now: number): readonly string[] {
  const { attemptId, startedAt, staleAt } = attempt;
  switch (attempt.state) {
    case "unknown":
      return [
        `an SES event (Send, Delivery, Bounce, …) whose mail.tags["${emailTags.attempt}"] is this attempt's id; its mail.messageId is the receipt`,
        `or the email itself: its header ${attemptHeader} is this id; SES accepted it between ${showMoment(startedAt)} and ${showMoment(staleAt)}`,
        `found: resolve ${attemptId} --sent`,
        now < staleAt
          ? `not found: resolve … --not-sent, ${showAge(staleAt, now)} at the earliest, since until then SES could still take it`
          : `not found, with events known to be complete for that time: resolve … --not-sent, and it is sent again`,
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
