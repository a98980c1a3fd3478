import { expect, test } from "vitest";
import { tagOf } from "./release.mjs";

test("a candidate isn't what an installation takes by itself", () => {
  expect(tagOf("1.0.0-rc.0")).toBe("rc");
  expect(tagOf("1.0.0")).toBe("latest");
});
