import type { CauseOf } from "../history/tell-causes.js";
import { templateFor } from "./email.js";
import type { FormUpdatedEvent } from "./event.js";

/** Why an email about a form is sent. The form's name is left out: anything may stand in it. */
export const formCause: CauseOf<FormUpdatedEvent> = (event) => ({
  traineeId: event.traineeId,
  template: templateFor(event),
  event: {
    formType: event.formType,
    lifecycleState: event.lifecycleState,
    eventDate: event.eventDate,
  },
});
