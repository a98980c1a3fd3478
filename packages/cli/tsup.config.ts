import { program } from "../../tsup.preset.js";

/** echarts is 60 MB, for the one chart of `audit`. */
export default program({ main: "src/main.ts" }, ["echarts", "zrender", "tslib"]);
