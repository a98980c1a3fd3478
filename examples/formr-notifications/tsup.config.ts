import { defineConfig } from "tsup";

/** One file that runs beside `templates/` and `package.json`, with its dependencies installed. */
export default defineConfig({
  entry: { main: "src/main.ts" },
  format: ["esm"],
  platform: "node",
  target: "node20.19",
  sourcemap: true,
  clean: true,
  // The workspace's packages are bundled from their sources, so that no build has to come first.
  noExternal: [/^@exactly-once\//],
  esbuildOptions: (options) => {
    options.conditions = ["@exactly-once/source"];
  },
  loader: { ".lua": "text" },
});
