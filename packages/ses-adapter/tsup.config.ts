import { library } from "../../tsup.preset.js";

export default library({
  index: "src/index.ts",
  "v2/index": "src/v2/index.ts",
  "testing/index": "src/testing/index.ts",
});
