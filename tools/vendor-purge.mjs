// Leaves of Tabler's style sheet what our sources name; tools/vendor runs it beside the node modules.
// Reads {css, content, styles, safelist} from its standard input, prints the style sheet.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { PurgeCSS } = require("purgecss");
const postcss = require("postcss");
const { css, content, styles, safelist } = JSON.parse(readFileSync(0, "utf8"));

const [purged] = await new PurgeCSS().purge({
  css: [{ raw: css }],
  content: content.map((raw) => ({ raw, extension: "html" })),
  // A class name is letters, digits and hyphens: quotes, brackets and dots around it are not.
  defaultExtractor: (text) => text.match(/[A-Za-z0-9_-]+/g) ?? [],
  safelist: { standard: safelist.map((source) => new RegExp(source)) },
  keyframes: true,
  fontFace: true,
});

// Without variables that nobody reads. A rule that is left empty stays: its class is known.
const sheet = postcss.parse(purged.css);
const ours = [...content, ...styles].join("\n");
for (let before = -1; before !== sheet.toString().length; ) {
  before = sheet.toString().length;
  const read = new Set((sheet.toString() + ours).match(/--tblr-[\w-]+(?=\s*[,)])/g));
  sheet.walkDecls(/^--tblr-/, (declaration) => {
    if (!read.has(declaration.prop)) declaration.remove();
  });
}
process.stdout.write(sheet.toString());
