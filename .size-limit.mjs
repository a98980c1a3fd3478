import { publishedPackages } from "./scripts/packages.mjs";

/** What an importer pays at most (minified, brotli), its dependencies aside; the tool is no library. */
const limits = {
  core: "33 kB",
  // Bears the batch host, and `casStore`.
  "core/ports": "28 kB",
  // Bears the snapshot in cells, too.
  "core/user-cache": "12 kB",
  // Bears the whole consumer, for testPipeline; it is for tests.
  "core/testing": "60 kB",
  "sqs-adapter": "14 kB",
  "ses-adapter": "14 kB",
  "ses-adapter/v2": "14 kB",
  "ses-adapter/testing": "18 kB",
  "redis-store": "21 kB",
  "postgres-store": "5 kB",
  opentelemetry: "4 kB",
  "one-request": "5 kB",
  "webhook-sender": "5 kB",
  "dynamodb-store": "5 kB",
  "notify-adapter": "7 kB",
  "notify-adapter/testing": "6 kB",
};

export default Object.entries(limits).map(([entry, limit]) => {
  const [folder, ...subpath] = entry.split("/");
  const found = publishedPackages().find((item) => item.folder === folder);
  if (found === undefined) throw new Error(`packages/${folder} is missing`);
  const { dependencies, peerDependencies } = found.manifest;
  return {
    name: found.name + subpath.map((part) => `/${part}`).join(""),
    path: `packages/${folder}/dist/${[...subpath, "index"].join("/")}.js`,
    limit,
    ignore: Object.keys({ ...dependencies, ...peerDependencies }),
    /** @param {object} config */
    modifyEsbuildConfig: (config) => ({ ...config, platform: "node" }),
  };
});
