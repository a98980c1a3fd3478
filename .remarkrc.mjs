import { readFileSync } from "node:fs";
import remarkGfm from "remark-gfm";
import remarkValidateLinks from "remark-validate-links";

/** @type {{ homepage: string }} */
const { homepage } = JSON.parse(readFileSync("package.json", "utf8"));

// Links to the repository's own pages (`…/blob/main/…`) are followed as if they were relative.
export default {
  plugins: [remarkGfm, [remarkValidateLinks, { repository: homepage }]],
};
