import type { CasPort } from "./cas-port.js";
import { casStore } from "./cas-store.js";
import { recordName } from "./cell-name.js";
import {
  casValueFromLater,
  casValueKeepsLater,
  spoiledCasValue,
} from "../testing/cas-spoilings.js";
import { memoryCasPort, type MemoryCell } from "../testing/memory-cas-port.js";
import type { StoreFixture } from "../testing/store-suite-tools.js";
import type { StoreFixtureRequest } from "../testing/store-suite.js";
import { createVirtualClock } from "../testing/virtual-clock.js";

/** `casStore` over the memory's port, for `storeSuite`. */
export function memoryCasFixture(
  { retentionMs, pageSize }: StoreFixtureRequest,
  clockOf: CasPort["clock"],
): StoreFixture {
  const clock = createVirtualClock();
  const port = memoryCasPort({ clock, clockOf });
  let isDown = false;
  const gated: CasPort = {
    ...port,
    read: async (...args) => (isDown ? refuse() : port.read(...args)),
    write: async (...args) => (isDown ? refuse() : port.write(...args)),
    attention: async (...args) => (isDown ? refuse() : port.attention(...args)),
  };
  const storeOf = () => casStore(gated, { clock, retentionMs, pageSize, maxSkewMs: 0 });

  function change(key: string, changed: (cell: MemoryCell) => MemoryCell): MemoryCell {
    const name = recordName(key);
    const cell = port.cells.get(name);
    if (!cell) throw new Error(`There is no record of ${key}.`);
    port.cells.set(name, changed(cell));
    return cell;
  }

  return {
    store: storeOf(),
    another: async () => storeOf(),
    elapse: async (ms) => {
      await clock.advance(ms);
      await port.deleteExpired(Infinity);
    },
    outage: async () => {
      isDown = true;
      return async () => {
        isDown = false;
      };
    },
    spoil: async (key, how) => {
      // As somebody else's write would: with a revision of its own.
      const before = change(key, (cell) => ({
        ...cell,
        revision: "spoiled",
        value: spoiledCasValue(cell.value, how),
      }));
      return async () => {
        change(key, () => ({ ...before, revision: "mended" }));
      };
    },
    addFromLater: async (key) => {
      change(key, (cell) => ({ ...cell, revision: "later", value: casValueFromLater(cell.value) }));
      return async () => casValueKeepsLater(port.cells.get(recordName(key))?.value ?? "{}");
    },
  };
}

function refuse(): never {
  throw new Error("connection refused");
}
