import { expect, it } from "vitest";
import { historyAccess } from "./history-access.js";

it.each(["127.0.0.1", "::1", "localhost"])("a service on %s is open to its machine", (host) => {
  expect(historyAccess({ host, historyToken: undefined })(undefined)).toBe(true);
});

it.each(["0.0.0.0", "::", "10.0.0.1"])("a service on %s is closed without a token", (host) => {
  const mayRead = historyAccess({ host, historyToken: undefined });
  expect([mayRead(undefined), mayRead("Bearer undefined"), mayRead("Bearer ")]).not.toContain(true);
});

it("a token has to be borne wherever there is one", () => {
  const mayRead = historyAccess({ host: "127.0.0.1", historyToken: "0123456789abcdef" });
  expect(mayRead("Bearer 0123456789abcdef")).toBe(true);
  expect([mayRead(undefined), mayRead("Bearer 0123456789abcdee")]).not.toContain(true);
});
