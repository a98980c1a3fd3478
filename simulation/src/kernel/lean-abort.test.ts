import { describe, expect, it } from "vitest";
import { LeanAbortController } from "./lean-abort.js";

/** What code can see of a controller, each time told as text. */
const USES: Readonly<Record<string, (controller: AbortController) => unknown>> = {
  "isn't aborted at first": ({ signal }) => [signal.aborted, String(signal.reason)],
  "keeps the reason, and only the first": (controller) => {
    controller.abort("one");
    controller.abort("two");
    return [controller.signal.aborted, String(controller.signal.reason)];
  },
  "makes a reason where none is given": (controller) => {
    controller.abort();
    return [
      controller.signal.reason === controller.signal.reason,
      String(controller.signal.reason),
    ];
  },
  "calls listeners once, in order": (controller) => {
    const heard: string[] = [];
    controller.signal.addEventListener("abort", () => heard.push("a"));
    controller.signal.addEventListener("abort", () => heard.push("b"), { once: true });
    controller.abort();
    controller.abort();
    return heard;
  },
  "knows a listener only once": (controller) => {
    let heard = 0;
    const listener = (): void => void (heard += 1);
    controller.signal.addEventListener("abort", listener);
    controller.signal.addEventListener("abort", listener);
    controller.abort();
    return heard;
  },
  "forgets one that is taken out, also by another": (controller) => {
    const heard: string[] = [];
    const second = (): void => void heard.push("second");
    const third = (): void => void heard.push("third");
    controller.signal.addEventListener("abort", () => {
      heard.push("first");
      controller.signal.removeEventListener("abort", third);
    });
    controller.signal.addEventListener("abort", second);
    controller.signal.addEventListener("abort", third);
    controller.signal.removeEventListener("abort", second);
    controller.abort();
    return heard;
  },
  "never calls one that comes after the end": (controller) => {
    let heard = 0;
    controller.abort();
    controller.signal.addEventListener("abort", () => (heard += 1));
    controller.abort();
    return heard;
  },
  "is aborted already when its listeners hear of it": (controller) => {
    const heard: unknown[] = [];
    controller.signal.addEventListener("abort", (event) => {
      heard.push(event.type, controller.signal.aborted, controller.signal.reason);
    });
    controller.abort("why");
    return heard;
  },
  "throws its reason": (controller) => {
    controller.signal.throwIfAborted();
    controller.abort("why");
    try {
      controller.signal.throwIfAborted();
      return "nothing thrown";
    } catch (reason) {
      return reason;
    }
  },
};

describe("kernel: the plain AbortController", () => {
  it.each(Object.entries(USES))("%s, as Node's", (_name, use) => {
    const plain = new LeanAbortController() as unknown as AbortController;
    expect(use(plain)).toEqual(use(new AbortController()));
  });
});
