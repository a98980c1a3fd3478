import { z } from "zod";
import { instant, shortText, traineeId } from "../event-fields.js";

/** Every state of a form in the TIS trainee services. */
export const lifecycleStates = [
  "DRAFT",
  "SUBMITTED",
  "UNSUBMITTED",
  "APPROVED",
  "REJECTED",
  "WITHDRAWN",
  "DELETED",
] as const;

export type LifecycleState = (typeof lifecycleStates)[number];

/**
 * A form changed its state. A state that isn't in {@link lifecycleStates} is refused: what it would
 * mean for the doctor is not ours to guess.
 *
 * The form's content (`formContentDto`) is not looked at, and so may be anything.
 */
export const formUpdatedEvent = z.object({
  formName: shortText,
  lifecycleState: z.enum(lifecycleStates),
  traineeId,
  formType: z.string().regex(/^[a-z0-9-]{1,40}$/, "must be a form type such as formr-a"),
  eventDate: instant,
});

export type FormUpdatedEvent = z.infer<typeof formUpdatedEvent>;
