import { createFaultyServer, createVirtualClock, httpAnswer } from "@exactly-once/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  isPrivateAddress,
  requestMaker,
  type RequestSettings,
  type RequestToMake,
} from "./index.js";

const local = { allowPrivateAddresses: true };

const serve = async (options: Parameters<typeof createFaultyServer>[0] = {}) => {
  const server = await createFaultyServer({
    onRequest: ({ socket }) => void socket.write(httpAnswer("200 OK", "fine")),
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
};

const ask = (
  url: string,
  settings: RequestSettings = local,
  changes: Partial<RequestToMake> = {},
) =>
  requestMaker("test", settings).request({
    ...{ url: new URL(url), method: "GET", make: () => ({ headers: {} }) },
    ...changes,
  });

describe("an address that only this side can reach", () => {
  it.each([
    ...["127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    ...["169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1"],
    ...[
      "::1",
      "::",
      "fe80::1",
      "fe80::1%eth0",
      "fc00::1",
      "fd12:3456::1",
      "ff02::1",
      "::127.0.0.1",
    ],
    ...["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::"],
  ])("%s is known", (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(["93.184.216.34", "172.32.0.1", "172.15.255.255", "11.0.0.1", "2606:4700::1111"])(
    "%s isn't one",
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );

  it.each(["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"])(
    "isn't connected to as http://%s",
    async (host) => {
      const { port, seen } = await serve();
      const exchange = await ask(`http://${host}:${port}/`, {});
      expect(exchange).toEqual({ kind: "unsent", reason: "privateAddress" });
      expect(seen.connections).toBe(0);
    },
  );

  it("isn't connected to where a name leads there, whatever it leads to besides", async () => {
    const { port, seen } = await serve();
    const exchange = await ask(`http://hooks.example:${port}/`, {
      resolveName: (_host, _options, done) =>
        done(null, [
          { address: "127.0.0.1", family: 4 },
          { address: "::1", family: 6 },
        ]),
    });
    expect(exchange).toEqual({ kind: "unsent", reason: "privateAddress" });
    expect(seen.connections).toBe(0);
  });

  it("isn't reached by a name that leads elsewhere once it was checked", async () => {
    const { port } = await serve();
    let resolved = 0;
    const exchange = await ask(`http://rebinding.example:${port}/`, {
      ...local,
      resolveName: (_host, _options, done) => {
        resolved += 1;
        const address = resolved === 1 ? "127.0.0.1" : "169.254.169.254";
        done(null, [{ address, family: 4 }]);
      },
    });
    expect(exchange).toMatchObject({ kind: "answered", status: 200, body: "fine" });
    expect(resolved).toBe(1);
  });
});

describe("a request", () => {
  it("goes out on a connection of its own, each time", async () => {
    const { endpoint, seen } = await serve();
    for (const _ of [1, 2, 3]) await ask(endpoint);
    expect(seen).toEqual({ connections: 3, requests: 3 });
  });

  it("is signed once the connection stands, and may still be refused then", async () => {
    const { endpoint, seen } = await serve();
    const exchange = await ask(endpoint, local, { make: () => ({ refuse: "deadlinePassed" }) });
    expect(exchange).toEqual({ kind: "unsent", reason: "deadlinePassed" });
    expect(seen).toEqual({ connections: 1, requests: 0 });
  });

  it("isn't made for what is aborted before it is written", async () => {
    const { endpoint, seen } = await serve();
    const exchange = await ask(endpoint, local, { signal: AbortSignal.abort() });
    expect(exchange).toEqual({ kind: "unsent", reason: "aborted" });
    expect(seen.requests).toBe(0);
  });

  it("is waited for, once written, whatever is aborted", async () => {
    const stop = new AbortController();
    const { endpoint } = await serve({
      onRequest: ({ socket }) => {
        stop.abort();
        socket.write(httpAnswer("200 OK", "fine"));
      },
    });
    const exchange = await ask(endpoint, local, { signal: stop.signal });
    expect(exchange).toMatchObject({ kind: "answered", body: "fine" });
  });

  it("isn't made where nobody listens, or no such name is known", async () => {
    const { port, close } = await serve();
    close();
    expect(await ask(`http://127.0.0.1:${port}/`)).toEqual({
      kind: "unsent",
      reason: "connectFailed",
    });
    const resolveName: RequestSettings["resolveName"] = (_host, _options, done) =>
      done(Object.assign(new Error("none"), { code: "ENOTFOUND", syscall: "getaddrinfo" }), []);
    expect(await ask("http://none.example/", { ...local, resolveName })).toEqual({
      kind: "unsent",
      reason: "dnsFailed",
    });
  });

  it("isn't made where connecting takes longer than it may", async () => {
    const clock = createVirtualClock();
    const asking = ask("http://slow.example/", { ...local, clock, resolveName: () => undefined });
    expect(await clock.run(asking)).toEqual({ kind: "unsent", reason: "connectTimedOut" });
  });

  it("has its answer read up to a size, whole or not at all", async () => {
    const { endpoint } = await serve();
    expect(await ask(endpoint, { ...local, maxReplyBytes: 4 })).toMatchObject({ body: "fine" });
    const short = await ask(endpoint, { ...local, maxReplyBytes: 3 });
    expect(short).toMatchObject({ kind: "answered", status: 200, body: undefined });
  });
});

it.each([
  [{ limits: { connectMs: 0 } }, "test: limits.connectMs is 0"],
  [{ limits: { headersMs: 2 ** 31 } }, "test: limits.headersMs is 2147483648"],
  [{ maxReplyBytes: 0.5 }, "test: maxReplyBytes is 0.5"],
])("settings that can't work are refused by name: %o", (settings, text) => {
  expect(() => requestMaker("test", settings)).toThrow(text);
});
