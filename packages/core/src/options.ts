import { ConfigurationError } from "./errors.js";

/** 100 years: every store and every date can write a time that lies so far ahead. */
export const LONGEST_MS = 100 * 365.25 * 24 * 60 * 60_000;

/** The longest that a timer takes, some 24.8 days: a longer one would fire at once. */
export const LONGEST_TIMER_MS = 2_147_483_647;

/** The bounds of a number, both included. */
export interface Bounds {
  readonly from: number;
  readonly to: number;
}

/**
 * Checks the options of one call. Each method answers with the value it was given, so that an option
 * is resolved and checked in one place: `check.ms("leaseMs", options.leaseMs ?? 30_000)`.
 *
 * Every refusal is a `ConfigurationError` that names the call and the option, and says what to give.
 * Plain JavaScript passes anything, so values are `unknown` here.
 */
export interface OptionChecks {
  /** A whole number within the bounds. */
  integer(name: string, value: unknown, bounds: Bounds): number;
  /** Any finite number within the bounds. */
  number(name: string, value: unknown, bounds: Bounds): number;
  /** Whole milliseconds. Default bounds: 1 ms to 100 years. */
  ms(name: string, value: unknown, bounds?: Partial<Bounds>): number;
  /** One of these texts. */
  oneOf<const Choice extends string>(
    name: string,
    value: unknown,
    choices: readonly Choice[],
  ): Choice;
  /** A string that the pattern matches whole; `rule` says so in words: "1 to 80 of [a-z]". */
  text(name: string, value: unknown, pattern: RegExp, rule: string): string;
  /** An object (or function) with these methods, such as a port; `example` says where to get one. */
  methods<Value>(
    name: string,
    value: Value,
    methods: readonly (keyof NonNullable<Value> & string)[],
    example: string,
  ): NonNullable<Value>;
  /** A function; absent is allowed where `optional` says so. */
  callback<Value>(name: string, value: Value, options?: { readonly optional: boolean }): Value;
  /** A service's namespace: 1 to 100 of [A-Za-z0-9_-]. */
  namespace(value: unknown): string;
  /** For what fits none of the above: refuses with this text, after the caller's name. */
  refuse(text: string): never;
}

/** Checks the options of the call of this name: `optionsOf("createConsumer")`. */
export function optionsOf(caller: string): OptionChecks {
  function refuse(text: string): never {
    throw new ConfigurationError(`${caller}: ${text}`);
  }

  function within(name: string, value: unknown, bounds: Bounds, kind: string): number {
    const { from, to } = bounds;
    const isOfKind = kind === "a number" ? Number.isFinite(value) : Number.isInteger(value);
    if (typeof value === "number" && isOfKind && value >= from && value <= to) return value;
    const range = `from ${from.toLocaleString("en")} to ${to.toLocaleString("en")}`;
    return refuse(`${name} is ${shown(value)}; give ${kind} ${range}.`);
  }

  function text(name: string, value: unknown, pattern: RegExp, rule: string): string {
    if (typeof value === "string" && pattern.test(value)) return value;
    return refuse(`${name} is ${shown(value)}; give ${rule}.`);
  }

  return {
    refuse,
    text,
    integer: (name, value, bounds) => within(name, value, bounds, "a whole number"),
    number: (name, value, bounds) => within(name, value, bounds, "a number"),
    ms: (name, value, { from = 1, to = LONGEST_MS } = {}) =>
      within(name, value, { from, to }, "whole milliseconds"),
    oneOf(name, value, choices) {
      const chosen = choices.find((choice) => choice === value);
      if (chosen !== undefined) return chosen;
      const known = choices.map((choice) => JSON.stringify(choice)).join(" or ");
      return refuse(`${name} is ${shown(value)}; give ${known}.`);
    },
    methods(name, value, methods, example) {
      const given: unknown = value;
      if (!isObject(given)) return refuse(`${name} is ${shown(given)}; give ${example}.`);
      const missing = methods.find((method) => typeof given[method] !== "function");
      if (missing !== undefined) return refuse(`${name} has no ${missing}(); give ${example}.`);
      return value as NonNullable<typeof value>;
    },
    callback(name, value, { optional } = { optional: false }) {
      if (typeof value === "function" || (optional && value === undefined)) return value;
      return refuse(`${name} is ${shown(value)}; give a function.`);
    },
    namespace: (value) =>
      text("namespace", value, /^[A-Za-z0-9_-]{1,100}$/, "1 to 100 of [A-Za-z0-9_-]"),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "number" || value === null) return String(value);
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
