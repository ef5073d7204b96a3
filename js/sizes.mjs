// Print the size of what a page loads, and fail when it is above its limit. Sizes are gzip -9 of what is served.

import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { minified } from "./minify.mjs";

const LAB = "../syncstate/labextension/static";

const size = (content) => gzipSync(content, { level: 9 }).length;

/** The size of some source files alone, bundled and minified as the client is. */
async function sizeOf(...names) {
  const contents = names.map((name) => `export * from "./src/${name}.ts";`).join("\n");
  const { code } = await minified({ stdin: { contents, resolveDir: "." } });
  return size(code);
}

/** What every page of JupyterLab loads of the extension; its other chunks wait until they are used. */
function sizeOfExtension() {
  const served = readdirSync(LAB);
  const entry = served.find((name) => name.startsWith("remoteEntry"));
  const [, first] = /\/extension":\(\)=>\w+\.e\((\d+)\)/.exec(readFileSync(`${LAB}/${entry}`, "utf8"));
  const loaded = [entry, "style.js", served.find((name) => name.startsWith(`${first}.`))];
  return loaded.reduce((sum, name) => sum + size(readFileSync(`${LAB}/${name}`)), 0);
}

const rows = [
  {
    what: "client (dist/syncstate.min.js)",
    bytes: size(readFileSync("dist/syncstate.min.js")),
    limit: 22 * 1024,
  },
  { what: "  of it pointer and patch", bytes: await sizeOf("pointer", "patch") },
  { what: "table (dist/table.js)", bytes: await sizeOf("table"), limit: 1024 },
  { what: "chart (dist/chart.js)", bytes: size(readFileSync("dist/chart.js")), limit: 32 * 1024 },
  { what: "grid (dist/grid.js)", bytes: size(readFileSync("dist/grid.js")), limit: 25 * 1024 },
  { what: "form (dist/form.js)", bytes: size(readFileSync("dist/form.js")), limit: 22 * 1024 },
  { what: "ui (dist/ui.js)", bytes: size(readFileSync("dist/ui.js")), limit: 42 * 1024 },
  { what: "JupyterLab extension, at start", bytes: sizeOfExtension(), limit: 43 * 1024 },
];

for (const { what, bytes, limit } of rows) {
  const verdict = limit === undefined ? "" : `of ${limit}${bytes > limit ? "  TOO LARGE" : ""}`;
  console.log(`${what.padEnd(34)}${String(bytes).padStart(7)} bytes gzip  ${verdict}`.trimEnd());
}
if (rows.some(({ bytes, limit }) => bytes > limit)) process.exit(1);
