import { startRedisServer, startTcpProxy } from "@exactly-once/redis-store/testing";
import { expect, it } from "vitest";
import { seen } from "./history/send-history.fixture.js";
import { sharedState } from "./shared-state.js";

it("all state follows a failover that leaves the old primary up", async () => {
  const [old, next] = await Promise.all([startRedisServer(), startRedisServer()]);
  const proxy = await startTcpProxy(old);
  const redisUrl = `redis://127.0.0.1:${proxy.port}`;
  const state = sharedState({ redisUrl, namespace: "test", userPoolId: "pool" }, () => undefined);
  try {
    const writes: readonly (() => Promise<unknown>)[] = [
      async () => state.store.control?.pause("test", "letters", { by: "op", why: "wording" }),
      () => state.history.add([seen(1)]),
      async () => state.users?.acquire({ owner: "a", leaseMs: 60_000 }),
    ];
    for (const write of writes) await write();
    proxy.leadTo(next);
    await old.connect().replicaof(next.host, next.port);
    await expect(state.history.add([seen(2)])).rejects.toThrow();
    for (const write of writes) {
      await expect.poll(() => write().then(() => "written")).toBe("written");
    }
    const { notifications } = await state.history.page("47165", { limit: 10 });
    expect(notifications).toHaveLength(1);
  } finally {
    state.close();
    await Promise.all([old.stop(), next.stop()]);
    await proxy.close();
  }
});
