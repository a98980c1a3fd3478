// Runs a TypeScript source file of this workspace: node scripts/run-ts.mjs FILE [ARGUMENTS]
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { nodeTsArgs } from "./node-ts-args.mjs";

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node scripts/run-ts.mjs FILE [ARGUMENTS]");
  process.exit(2);
}

const child = spawn(process.execPath, [...nodeTsArgs, file, ...rest], {
  stdio: "inherit",
  env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", ...process.env },
});

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => {
    // Ctrl-C at a terminal reaches the child by itself; a second copy would look like impatience.
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    child.kill(signal);
  });
}

child.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
child.on("exit", (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
});
