import type { SesApiVersion } from "./api-version.js";
import { seededChance } from "./seeded-chance.js";

/** Faults by what the caller sees. "Accepted" means the email is taken and will be delivered. */
export const faultKinds = [
  /** Accepted; then the socket closes without a byte of an answer. */
  "accept-then-drop",
  /** Accepted; then nothing, with the socket left open. */
  "accept-then-hang",
  /** Accepted; the answer ends inside the MessageId, short of its content length. */
  "truncated-200",
  /** Accepted; a complete HTTP answer whose XML or JSON is cut inside the MessageId. */
  "cut-body-200",
  /** Accepted; status 200 with no body. */
  "empty-200",
  /** Accepted; status 200 with an HTML page, as from a captive proxy. */
  "html-200",
  /** Accepted; status 500 all the same. */
  "500-after-accept",
  /** Not accepted; status 500. */
  "500-before-accept",
  /** Not accepted; status 503. */
  "503",
  /** Not accepted; the rate was exceeded. */
  "throttle",
  /** Not accepted; the day's quota is used up. */
  "daily-quota",
  /** Not accepted; MessageRejected. */
  "reject",
  /** Not accepted and never answered. */
  "hang",
  /** Not accepted; the connection is reset. */
  "reset-before-accept",
] as const;

/** One of these faults. */
export type FaultKind = (typeof faultKinds)[number];

/** A slow answer: the call succeeds, `ms` later, with the wait before or after the acceptance. */
export interface DelayFault {
  readonly kind: "delay";
  readonly ms: number;
  /** Default "accept": a caller that gives up earlier can't stop the email. */
  readonly before?: "accept" | "reply";
}

/** Not accepted; SES declines it with this code and text, each API in its own way. */
export interface RefusalFault {
  readonly kind: "refusal";
  /** As v1 has it. */
  readonly code: string;
  readonly message: string;
  /** Default 400. */
  readonly status?: number;
}

/** What goes wrong with one call. */
export type Fault = FaultKind | DelayFault | RefusalFault;

/** What a plan may look at when it decides about one call. */
export interface SesCall {
  /** 1 for the first call this server read, whatever its action. */
  readonly number: number;
  readonly api: SesApiVersion;
  readonly action: string;
  readonly source: string | undefined;
  readonly recipients: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** When a rule strikes. Each rule counts for itself the calls of its actions, from 1. */
export type FaultTrigger =
  | { readonly on: "every"; readonly nth?: number }
  | { readonly on: "nth"; readonly calls: readonly number[] }
  /** The first call for each recipient list, or for each value of a tag. */
  | { readonly on: "first-of-each"; readonly by: "recipient" | { readonly tag: string } }
  | { readonly on: "chance"; readonly probability: number; readonly seed: number };

/** One line of a fault plan as data, so that another process can set it over HTTP. */
export interface FaultRule {
  readonly fault: Fault;
  readonly when: FaultTrigger;
  /** Default: the sending actions of both APIs. */
  readonly actions?: readonly string[];
  /** How often at most; default without limit. */
  readonly times?: number;
}

/** Decides what goes wrong with each call: a function, or rules of which the first that fits strikes. */
export type FaultPlan = ((call: SesCall) => Fault | undefined) | readonly FaultRule[];

export type StruckKind = FaultKind | "delay" | "refusal";

export const kindOf = (fault: Fault): StruckKind =>
  typeof fault === "string" ? fault : fault.kind;

const acceptingFaults: ReadonlySet<StruckKind> = new Set([
  "accept-then-drop",
  "accept-then-hang",
  "truncated-200",
  "cut-body-200",
  "empty-200",
  "html-200",
  "500-after-accept",
  "delay",
] as const);

/** Whether the email is taken although (or before) the answer goes wrong. */
export const acceptsFirst = (fault: Fault): boolean => acceptingFaults.has(kindOf(fault));

export const sendActions: readonly string[] = ["SendEmail", "SendRawEmail"];

const triggerOf = (when: FaultTrigger): ((call: SesCall, count: number) => boolean) => {
  switch (when.on) {
    case "every":
      return (_, count) => count % (when.nth ?? 1) === 0;
    case "nth":
      return (_, count) => when.calls.includes(count);
    case "chance": {
      const draw = seededChance(when.seed);
      return () => draw() < when.probability;
    }
    case "first-of-each": {
      const seen = new Set<string>();
      return (call) => {
        const { by } = when;
        const identity =
          by === "recipient" ? call.recipients.join(",").toLowerCase() : (call.tags[by.tag] ?? "");
        return seen.size < seen.add(identity).size;
      };
    }
  }
};

const compileRule = (rule: FaultRule): ((call: SesCall) => Fault | undefined) => {
  const actions = rule.actions ?? sendActions;
  const strikes = triggerOf(rule.when);
  let count = 0;
  let left = rule.times ?? Infinity;
  return (call) => {
    if (!actions.includes(call.action)) return undefined;
    count += 1;
    if (!strikes(call, count) || left <= 0) return undefined;
    left -= 1;
    return rule.fault;
  };
};

const compile = (plan: FaultPlan): ((call: SesCall) => Fault | undefined) => {
  if (typeof plan === "function") return plan;
  const rules = plan.map(compileRule);
  // Every rule sees every call, so that a rule's count doesn't depend on the rules above it.
  return (call) => rules.map((rule) => rule(call)).find((fault) => fault !== undefined);
};

/** Holds the plan in force. Setting a plan, even the same one, starts its counts again. */
export const createFaults = (initial: FaultPlan | undefined) => {
  let decide = compile(initial ?? []);
  const struck = new Map<StruckKind, number>();
  return {
    /** Puts a plan in force in place of the former one. */
    set: (plan: FaultPlan): void => {
      decide = compile(plan);
    },
    /** Nothing goes wrong from now on. */
    clear: (): void => {
      decide = compile([]);
    },
    /** How often each kind has struck since the start; kinds that never did are absent. */
    struck: (): Readonly<Partial<Record<StruckKind, number>>> => Object.fromEntries(struck),
    /** Decides about one call; asked exactly once for each. */
    next: (call: SesCall): Fault | undefined => {
      const fault = decide(call);
      if (fault !== undefined) struck.set(kindOf(fault), (struck.get(kindOf(fault)) ?? 0) + 1);
      return fault;
    },
  };
};

/** The faults of a running server. */
export type Faults = ReturnType<typeof createFaults>;
