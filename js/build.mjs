// Build what ships: the client (one ES module, plain and minified) and the JupyterLab extension.
// Types are not looked at here: that is `npm run check`. Usage: node build.mjs [client | lab]

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { build } from "esbuild";
import { MODULE, minified } from "./minify.mjs";

/** The client, for any page: dist/syncstate.js and dist/syncstate.min.js; and dist/table.js, for pages with tables. */
async function buildClient() {
  const entryPoints = ["src/index.ts"];
  await build({ ...MODULE, entryPoints, sourcemap: true, outfile: "dist/syncstate.js" });
  await build({ ...MODULE, entryPoints: ["src/table.ts"], sourcemap: true, outfile: "dist/table.js" });
  const outfile = "dist/syncstate.min.js";
  const { code, map } = await minified({ entryPoints, outfile });
  writeFileSync(outfile, code);
  writeFileSync(`${outfile}.map`, map);
}

// What every host of the extension shares with it. Voila stops at an import of anything else, so that must be `import type`.
const SHARED =
  /^@lumino\/|^@jupyterlab\/(application|console|coreutils|logconsole|mainmenu|notebook|rendermime|services|statedb)$/;

/** The extension: one module with ours inside and JupyterLab's outside, then federated into ../syncstate/labextension. */
async function buildLab() {
  const outfile = "lib/lab/plugin.js";
  const lab = {
    ...MODULE,
    entryPoints: ["src/lab/plugin.ts"],
    outfile,
    packages: "external",
    metafile: true,
  };
  const { metafile } = await build(lab);
  const unshared = metafile.outputs[outfile].imports
    .map(({ path }) => path)
    .filter((path) => !SHARED.test(path));
  if (unshared.length > 0) throw new Error(`not every host shares ${unshared.join(", ")}; use "import type"`);
  const builder = "node_modules/@jupyter/builder/lib/build-labextension.js";
  const core = "node_modules/@jupyterlab/core-meta/core.package.json";
  const { status, output } = spawnSync(process.execPath, [builder, "--core-package-file", core, "."]);
  if (status !== 0) throw new Error(`the extension builder says\n${output.join("")}`);
}

const [what = "all"] = process.argv.slice(2);
try {
  if (what !== "lab") await buildClient();
  if (what !== "client") await buildLab();
} catch (error) {
  console.error(`Cannot build: ${error.message}`);
  process.exit(1);
}
