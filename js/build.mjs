// Build what ships: the client (one ES module, plain and minified) and the JupyterLab extension.
// Types are not looked at here: that is `npm run check`. Usage: node build.mjs [client | lab]

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { MODULE, minified } from "./minify.mjs";

// What is loaded only when it is used: a chunk of the extension, and for other pages a module of its own, minified.
const CHUNKS = ["chart", "form", "grid", "ui"];

// Whose work is inside of them. In the extension the builder gathers the licences.
const LIBRARIES = ["@tanstack/virtual-core", "marked", "uplot"];

/** The client, for any page: dist/syncstate.js and dist/syncstate.min.js; and its companions, for pages that use them. */
async function buildClient() {
  const entryPoints = ["src/index.ts"];
  await build({ ...MODULE, entryPoints, sourcemap: true, outfile: "dist/syncstate.js" });
  await build({ ...MODULE, entryPoints: ["src/table.ts"], sourcemap: true, outfile: "dist/table.js" });
  await buildMinified(entryPoints, "dist/syncstate.min.js");
  for (const chunk of CHUNKS) await buildMinified([`src/${chunk}.ts`], `dist/${chunk}.js`);
}

async function buildMinified(entryPoints, outfile) {
  const { code, map } = await minified({ entryPoints, outfile, plugins: [companions] });
  const used = LIBRARIES.filter((name) => JSON.parse(map).sources.some((source) => source.includes(name)));
  writeFileSync(outfile, used.map(licenseOf).join("") + code);
  writeFileSync(`${outfile}.map`, map);
}

/** What one of them loads of the others is loaded from beside it. */
const companions = {
  name: "companions",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\.\/\w+\.ts$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path: path.replace(/^\.(.*)ts$/, "$1js"), external: true } : undefined,
    ),
};

/** What a library wants to be said wherever it is copied. */
function licenseOf(name) {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  return `/*! ${name} ${version}\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim()} */\n`;
}

// What every host of the extension shares with it. Voila stops at an import of anything else, so that must be `import type`.
const SHARED =
  /^@lumino\/|^@jupyterlab\/(application|console|coreutils|logconsole|mainmenu|notebook|rendermime|services|statedb)$/;

/**
 * The extension: a module with ours inside and JupyterLab's outside, and one for each `import()`; then federated
 * into ../syncstate/labextension, where each of these is a chunk.
 */
async function buildLab() {
  const outdir = "lib/lab";
  rmSync(outdir, { recursive: true, force: true });
  const lab = {
    ...MODULE,
    entryPoints: ["src/lab/plugin.ts"],
    outdir,
    splitting: true,
    packages: "external",
    metafile: true,
  };
  const { outputs } = (await build(lab)).metafile;
  const unshared = Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external }) => external)
    .map(({ path }) => path)
    .filter((path) => !SHARED.test(path) && !LIBRARIES.includes(path));
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
