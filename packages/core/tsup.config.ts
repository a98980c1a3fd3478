import { library } from "../../tsup.preset.js";

/** p-limit is ESM only, which Jest's CommonJS can't load. */
const bundled = ["p-limit", "yocto-queue"];

export default library(
  {
    index: "src/index.ts",
    "ports/index": "src/ports-entry.ts",
    "user-cache/index": "src/user-cache/index.ts",
    "testing/index": "src/testing/index.ts",
  },
  bundled,
);
