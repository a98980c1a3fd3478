import type { ReconcileProgress } from "../ports/index.js";
import { cellContent, cellJson } from "./cell-json.js";
import { cellName } from "./cell-name.js";
import type { Exchange } from "./exchange.js";
import type { PortCalls } from "./port-calls.js";

interface Mark {
  readonly acceptedAt: number;
}

/** How far a provider's events were processed, in cells: `progress/<namespace>`. Moves forward only. */
export function casProgress(exchange: Exchange, calls: Pick<PortCalls, "read">): ReconcileProgress {
  return {
    advance: async (namespace, acceptedAt) => {
      const name = cellName("progress", namespace);
      await exchange.run(name, (cell) => {
        const mark = cellContent<Mark>(name, cell);
        if (mark && mark.acceptedAt >= acceptedAt) return { reply: undefined };
        return { reply: undefined, draft: { value: cellJson({ acceptedAt }) } };
      });
    },
    read: async (namespace) => {
      const name = cellName("progress", namespace);
      return cellContent<Mark>(name, await calls.read(name))?.acceptedAt;
    },
  };
}
