// The client as it is served: bundled and minified by esbuild, then by terser (docs/decisions/0011-two-minifiers.md).

import { build } from "esbuild";
import { minify } from "terser";

/** What esbuild makes of our modules, minified or not. */
export const MODULE = { bundle: true, format: "esm", target: "es2022", logLevel: "silent" };

// Properties that only our own modules name: esbuild shortens them as it does what is private. None may be the name of
// anything in the language, in the DOM, on the wire, or in what index.ts exports; tests/min.test.ts looks for that.
const OURS = `asked awaits callback candidate draft due fromList greeting hear inList isKnown isOpen isSelf isSilent onChange
  onTrouble owns places receive recorder renumber reorder repeats see seed settle steps taken tokens trade trouble views`;

/** Return the code and the source map of a bundle; the options are esbuild's, beside those of `MODULE`. */
export async function minified({ outfile = "out.js", ...options }) {
  const bundle = {
    ...MODULE,
    ...options,
    outfile,
    minify: true,
    mangleProps: new RegExp(`^(${OURS.split(/\s+/).join("|")})$`),
    sourcemap: "external",
    write: false,
  };
  const [map, module] = (await build(bundle)).outputFiles;
  const url = outfile.replace(/.*\//, "");
  return minify(module.text, {
    module: true,
    ecma: 2022,
    // all but the first make the text more like itself: 67 bytes less of gzip
    compress: { passes: 3, hoist_funs: true, inline: false, lhs_constants: false, sequences: false },
    sourceMap: { content: map.text, url: `${url}.map`, filename: url, includeSources: true },
  });
}
