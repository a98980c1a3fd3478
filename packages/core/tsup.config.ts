import { library } from "../../tsup.preset.js";

export default library({
  index: "src/index.ts",
  "ports/index": "src/ports-entry.ts",
  "user-cache/index": "src/user-cache/index.ts",
  "testing/index": "src/testing/index.ts",
});
