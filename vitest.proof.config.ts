import { suiteOf } from "./vitest.config.js";

export default suiteOf("proof");
