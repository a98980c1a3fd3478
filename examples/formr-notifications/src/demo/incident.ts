import type { Figures } from "./counting.js";

/** What the postmortem tells, as words for the table; what it doesn't tell is "not known". */
export const INCIDENT: Readonly<Record<keyof Figures, string>> = {
  events: "not known",
  emails: "not known",
  doctors2: "not known",
  doctors3: "not known",
  max: "not known",
  received2: "at most 123",
  received3: "26",
  receivedMax: "10",
  burstSeconds: "about 15 min",
  firstAlarmSeconds: "a survey",
  deadLettered: "none seen",
  held: "-",
  missing: "none known",
};
