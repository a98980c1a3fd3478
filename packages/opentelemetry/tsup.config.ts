import { library } from "../../tsup.preset.js";

export default library({ index: "src/index.ts" });
