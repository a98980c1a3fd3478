import { setMaxListeners } from "node:events";

/**
 * An `AbortController` for everybody in a process, or in an invocation. As many as work at the same time
 * listen to its signal, which from the eleventh on Node would take for a leak, and warn.
 */
export function commonAbortController(): AbortController {
  const controller = new AbortController();
  // A signal of other making, as the simulator's, counts no listeners.
  if (controller.signal instanceof EventTarget) setMaxListeners(0, controller.signal);
  return controller;
}
