// Leaves of a style sheet only what our templates, Python and scripts name: `node vendor-purge.mjs`
// inside the folder of the node modules; reads {css, content, safelist} from its standard input.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { PurgeCSS } = createRequire(process.cwd() + "/")("purgecss");
const { css, content, safelist } = JSON.parse(readFileSync(0, "utf8"));
const patterns = (sources) => sources.map((source) => new RegExp(source));

const [purged] = await new PurgeCSS().purge({
  css: [{ raw: css }],
  content: content.map((raw) => ({ raw, extension: "html" })),
  // A class name is letters, digits and hyphens: quotes, brackets and dots around it are not.
  defaultExtractor: (text) => text.match(/[A-Za-z0-9_-]+/g) ?? [],
  safelist: { standard: patterns(safelist.standard), deep: [], greedy: [] },
  keyframes: true,
  fontFace: true,
  variables: false,
});
process.stdout.write(purged.css);
