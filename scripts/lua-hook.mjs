// Lets Node import a `.lua` file as text, as the bundler does. For `node --import`.
import * as module from "node:module";
import { loadLua } from "./lua-loader.mjs";

// The types are those of Node 20, which has only the older, off-thread `register`.
const { registerHooks, register } = /** @type {any} */ (module);

if (registerHooks === undefined) register("./lua-loader.mjs", import.meta.url);
else registerHooks({ load: loadLua });
