import { readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { defineConfig, type MarkdownRenderer, type SiteConfig } from "vitepress";
import { guides } from "./guides.js";

const { homepage } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { readonly homepage: string };

const decisions = { text: "Decisions", link: "/adr/0001-toolchain" };

export default defineConfig({
  title: "Exactly Once",
  description: "Each notification sent exactly once, over at-least-once queues.",
  srcExclude: ["api/**", ".snippets/**"],
  cleanUrls: true,
  themeConfig: {
    // Searched in the reader's browser: nothing is asked of anybody.
    search: { provider: "local" },
    nav: [
      { text: "Guides", link: "/guides/quick-start" },
      { text: "Guarantees", link: "/guarantees" },
      { text: "API", link: "/api/index.html", target: "_self" },
      decisions,
    ],
    sidebar: [
      {
        text: "Guides",
        items: guides.map(({ page, title }) => ({ text: title, link: `/guides/${page}` })),
      },
      { text: "Reference", items: [{ text: "Guarantees", link: "/guarantees" }, decisions] },
    ],
    socialLinks: [{ icon: "github", link: homepage }],
  },
  markdown: { config: linkOutwards },
  ignoreDeadLinks: [/^\/api\//],
  buildEnd: writeForModels,
});

/** A link from a page to a file outside of `docs/`, or to a folder, leads to the repository. */
function linkOutwards(md: MarkdownRenderer): void {
  md.core.ruler.push("link-outwards", ({ tokens, env }) => {
    const { relativePath } = env as { readonly relativePath: string };
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const target = token.attrGet("href");
      if (token.type !== "link_open" || target === null || /^(\w+:|#|\/)/.test(target)) continue;
      const path = posix.join("docs", posix.dirname(relativePath), target);
      if (path.startsWith("docs/") && /\.\w+(#.*)?$/.test(path)) continue;
      token.attrSet("href", `${homepage}/blob/main/${path}`);
    }
  });
}

/** The list of guides as https://llmstxt.org describes it. */
function writeForModels({ outDir, site }: SiteConfig): void {
  const lines = guides.map(({ page, title, about }) => `- [${title}](/guides/${page}): ${about}`);
  writeFileSync(
    join(outDir, "llms.txt"),
    [`# ${site.title}`, "", `> ${site.description}`, "", "## Guides", "", ...lines, ""].join("\n"),
  );
}
