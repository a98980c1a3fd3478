import type * as crypto from "node:crypto";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { LeanAbortController, LeanAbortSignal } from "./lean-abort.js";

/** Thrown where code under test reaches past its ports. */
export class LeakedChance extends Error {
  constructor(what: string) {
    super(`Code under simulation used ${what}; time and chance come from the ports.`);
    this.name = "LeakedChance";
  }
}

type Restore = () => void;

/** The module's own object, which its named exports follow once told to. */
const builtinCrypto = createRequire(import.meta.url)("node:crypto") as typeof crypto;
const webCrypto = Object.getPrototypeOf(builtinCrypto.webcrypto) as object;

/**
 * Makes the machine's time and chance throw while `work` runs. `new Date(value)` stays: it only
 * computes. Aborts stay, too, without Node's event machinery.
 */
export async function withLeakGuard<Value>(work: () => Promise<Value>): Promise<Value> {
  const restores = [
    guardDate(),
    leanAbort(),
    ...["setTimeout", "setInterval", "setImmediate"].map((name) => guard(globalThis, name)),
    guard(performance, "now"),
    guard(Math, "random"),
    guard(AbortSignal, "timeout"),
    ...["randomUUID", "randomBytes", "randomInt"].map((name) => guard(builtinCrypto, name)),
    ...["randomUUID", "getRandomValues"].map((name) => guard(webCrypto, name)),
  ];
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    for (const restore of restores) restore();
    syncBuiltinESMExports();
  }
}

function guard(target: object, name: string): Restore {
  const owner = Object.getOwnPropertyDescriptor(target, name);
  const before = owner ?? { configurable: true };
  Object.defineProperty(target, name, {
    configurable: true,
    writable: true,
    value: () => {
      throw new LeakedChance(name);
    },
  });
  return () => {
    if (owner) Object.defineProperty(target, name, before);
    else Reflect.deleteProperty(target, name);
  };
}

/** Code under test gets the plain controller; whoever holds one of Node's keeps it. */
function leanAbort(): Restore {
  const RealController = AbortController;
  const { any } = AbortSignal;
  globalThis.AbortController = LeanAbortController as unknown as typeof AbortController;
  AbortSignal.any = LeanAbortSignal.any as unknown as typeof any;
  return () => {
    globalThis.AbortController = RealController;
    AbortSignal.any = any;
  };
}

function guardDate(): Restore {
  const RealDate = Date;
  const guarded = new Proxy(RealDate, {
    construct(target, values: unknown[], newTarget) {
      if (values.length === 0) throw new LeakedChance("new Date()");
      return Reflect.construct(target, values, newTarget) as object;
    },
    apply() {
      throw new LeakedChance("Date()");
    },
    get(target, property, receiver): unknown {
      if (property === "now") throw new LeakedChance("Date.now");
      return Reflect.get(target, property, receiver);
    },
  });
  globalThis.Date = guarded;
  return () => {
    globalThis.Date = RealDate;
  };
}
