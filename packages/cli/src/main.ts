#!/usr/bin/env node
import { runCli } from "./program.js";

// The SDK's notices about old versions of Node are not an operator's business.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read the result has seen enough of it: `exactly-once unresolved | head`.
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

void runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  now: Date.now,
}).then((code) => {
  process.exitCode = code;
});
