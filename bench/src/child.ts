import { createLink, type Link, type Methods } from "./link.js";

/** What this process was started with. */
export function childInput<Input>(): Input {
  return JSON.parse(process.argv[2] ?? "null") as Input;
}

/** Offers methods to the process that started this one, and ends with it. */
export function serve(methods: Methods): Link {
  process.on("disconnect", () => process.exit());
  const link = createLink(process, methods);
  void link.call("ready");
  return link;
}
