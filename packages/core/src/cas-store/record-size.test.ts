import { expect, it } from "vitest";
import { memoryCasPort } from "../testing/memory-cas-port.js";
import { createVirtualClock } from "../testing/virtual-clock.js";
import { casStore } from "./cas-store.js";

/** As many as a key may have. */
const EFFECTS = 50;

it("a record with fifty effects is far below what a port must take", async () => {
  const clock = createVirtualClock();
  const port = memoryCasPort({ clock });
  const store = casStore(port, { clock });
  const lease = { key: "0".repeat(32), owner: "f5lxx1zz5pnorynqglhzmsp33", fence: 1 };
  const fingerprint = "v1:00112233445566778899aabbccddeeff";
  await store.claim([
    {
      ...{ key: lease.key, owner: lease.owner, leaseMs: 600_000, simulated: false, fingerprint },
      ...{ keyText: `["${lease.key}"]`, pipeline: "form-updated", messageId: "m" },
    },
  ]);
  for (let i = 0; i < EFFECTS; i += 1) {
    const attempt = { ...lease, effect: `email_${i}`, attemptNumber: 1 };
    await store.begin({ ...attempt, timeoutMs: 15_000, validityMs: 900_000, fingerprint });
    const receipt = { id: `0102018a5c2e4f70-${i}`, at: clock.now(), via: "provider" } as const;
    await store.settle(attempt, { status: "accepted", receipt });
  }
  const bytes = Buffer.byteLength(port.cells.get(lease.key)?.value ?? "");
  console.log(`${bytes} bytes a record with ${EFFECTS} effects`);
  expect(bytes).toBeGreaterThan(1_000);
  expect(bytes).toBeLessThan(20_000);
});
