import { eventFateNames, type EventFaultRates } from "./event-faults.js";
import { faultKinds, type Fault, type FaultRule, type FaultTrigger } from "./faults.js";

/** What `POST /_local/faults` sets; an absent member is left as it is. */
export interface FaultSettings {
  readonly rules?: readonly FaultRule[];
  readonly events?: EventFaultRates;
}

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0;
const isProbability = (value: unknown): value is number =>
  typeof value === "number" && value >= 0 && value <= 1;
const isDuration = (value: unknown): value is number => typeof value === "number" && value >= 0;
const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

const isFault = (value: unknown): value is Fault =>
  faultKinds.some((kind) => kind === value) ||
  (isRecord(value) &&
    value["kind"] === "delay" &&
    isDuration(value["ms"]) &&
    ["accept", "reply", undefined].includes(value["before"] as string | undefined)) ||
  (isRecord(value) && value["kind"] === "refusal" && isRefusalFault(value));

const isRefusalFault = ({ code, message, status = 400 }: Json): boolean =>
  typeof code === "string" &&
  typeof message === "string" &&
  Number.isInteger(status) &&
  Number(status) >= 400 &&
  Number(status) < 600;

const isTrigger = (value: unknown): value is FaultTrigger => {
  if (!isRecord(value)) return false;
  const { on, nth, calls, by, probability, seed } = value;
  switch (on) {
    case "every":
      return nth === undefined || isCount(nth);
    case "nth":
      return Array.isArray(calls) && calls.every(isCount);
    case "first-of-each":
      return by === "recipient" || (isRecord(by) && typeof by["tag"] === "string");
    case "chance":
      return isProbability(probability) && typeof seed === "number";
    default:
      return false;
  }
};

const isRule = (value: unknown): value is FaultRule =>
  isRecord(value) &&
  isFault(value["fault"]) &&
  isTrigger(value["when"]) &&
  (value["actions"] === undefined || isStrings(value["actions"])) &&
  (value["times"] === undefined || isCount(value["times"]));

const isRates = (value: unknown): value is EventFaultRates =>
  isRecord(value) &&
  typeof value["seed"] === "number" &&
  eventFateNames.every((name) => value[name] === undefined || isProbability(value[name])) &&
  (value["lateMs"] === undefined || isDuration(value["lateMs"]));

/** Checks settings that came as JSON; a string says what is wrong with them. */
export const readFaultSettings = (value: unknown): FaultSettings | string => {
  if (!isRecord(value))
    return 'Send an object such as {"rules": [{"fault": "503", "when": {"on": "every"}}]}.';
  const { rules, events } = value;
  if (rules !== undefined && !Array.isArray(rules)) return "`rules` must be a list.";
  const bad = (rules ?? []).findIndex((rule: unknown) => !isRule(rule));
  if (bad >= 0) {
    return `rules[${bad}] isn't a fault rule; its fault must be one of ${faultKinds.join(", ")} {kind: "delay", ms} or {kind: "refusal", code, message}.`;
  }
  if (events !== undefined && !isRates(events)) {
    return "`events` must hold a seed, and probabilities from 0 to 1 for lost, doubled, late, reordered.";
  }
  return value;
};
