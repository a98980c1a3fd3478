import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const sources = dirname(fileURLToPath(import.meta.url));

/** The packages that a source loads, with all that it imports of this package; types are erased. */
function packagesOf(file: string, seen = new Set<string>()): ReadonlySet<string> {
  const found = new Set<string>();
  if (seen.has(file)) return found;
  seen.add(file);
  const text = readFileSync(file, "utf8");
  for (const [, types, specifier = ""] of text.matchAll(
    /^(?:import|export) (type )?[^;]*? from "([^"]+)";/gm,
  )) {
    if (types !== undefined) continue;
    if (!specifier.startsWith(".")) found.add(specifier);
    else {
      const next = join(dirname(file), specifier.replace(/\.js$/, ".ts"));
      for (const name of packagesOf(next, seen)) found.add(name);
    }
  }
  return found;
}

it.each([
  ["index.ts", "@aws-sdk/client-ses", "@aws-sdk/client-sesv2"],
  ["v2/index.ts", "@aws-sdk/client-sesv2", "@aws-sdk/client-ses"],
])("%s loads its own client and nothing of the other", (entry, own, other) => {
  const packages = packagesOf(join(sources, entry));
  expect(packages).toContain(own);
  expect(packages).toContain("nodemailer/lib/mail-composer");
  expect(packages).not.toContain(other);
});

it("testing/index.ts loads neither client", () => {
  const packages = packagesOf(join(sources, "testing/index.ts"));
  expect(packages).toContain("postal-mime");
  expect([...packages].filter((name) => name.startsWith("@aws-sdk/"))).toEqual([]);
});
