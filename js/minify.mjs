// The client as it is served: bundled and minified by esbuild, then by terser (docs/decisions/0011-two-minifiers.md).

import { build } from "esbuild";
import { minify } from "terser";

/** What esbuild makes of our modules, minified or not. */
export const MODULE = { bundle: true, format: "esm", target: "es2022", logLevel: "silent" };

/** Return the code and the source map of a bundle; the options are esbuild's, beside those of `MODULE`. */
export async function minified({ outfile = "out.js", ...options }) {
  const bundle = { ...MODULE, ...options, outfile, minify: true, sourcemap: "external", write: false };
  const [map, module] = (await build(bundle)).outputFiles;
  const url = outfile.replace(/.*\//, "");
  return minify(module.text, {
    module: true,
    ecma: 2022,
    compress: { passes: 3, hoist_funs: true, lhs_constants: false }, // the last two save 55 bytes of gzip
    sourceMap: { content: map.text, url: `${url}.map`, filename: url, includeSources: true },
  });
}
