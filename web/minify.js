// Writes scripts as small as they get: esbuild bundles them, terser makes them short.

/**
 * @import { BuildOptions } from "esbuild"
 * @import { MinifyOptions } from "terser"
 */

import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { build } from "esbuild";
import { minify } from "terser";

// Takes seconds and brings two per cent: for what developers load, whose size counts.
/** @type {MinifyOptions["compress"]} */
export const THOROUGH = { keep_fargs: false, passes: 3, unsafe_arrows: true };

/** @type {MinifyOptions} */
const SHORT = {
  ecma: 2017,
  safari10: true,
  format: { ascii_only: true },
};

/**
 * Bundles a script and writes it to its `outfile`. For texts of megabytes, which terser would read
 * for half a minute, it has short names, each once as a string: `texts` has what they stand for.
 *
 * @param {BuildOptions & {
 *   outfile: string;
 *   compress?: MinifyOptions["compress"];
 *   texts?: { [name: string]: string };
 * }} options
 */
export async function writeScript({
  outfile,
  compress = false,
  format,
  globalName,
  texts = {},
  ...options
}) {
  // What esbuild puts around the exports of a classic script takes 200 bytes after gzip.
  const own = globalName ? "esm" : format;
  const { outputFiles } = await build({ ...options, format: own, outfile, write: false });
  const bundled = `${outputFiles[0].text}`;
  const { code } = await minify(globalName ? toClassic(bundled, globalName) : bundled, {
    ...SHORT,
    compress: typeof compress === "object" ? { ...compress } : compress,
    module: format === "esm",
    // A classic script's global must stay.
    toplevel: format !== "iife",
  });
  const script = Object.entries(texts).reduce((all, [name, text]) => {
    const [before, after, ...others] = all.split(JSON.stringify(name));
    if (after === undefined || others.length) throw new Error(`${name} is not there once`);
    return `${before}${toLiteral(text)}${after}`;
  }, `${code}`);
  await mkdir(dirname(outfile), { recursive: true });
  await writeFile(outfile, `${script}\n`);
}

/**
 * Makes a module that imports nothing a classic script, which sets a global.
 *
 * @param {string} code with all exports at its end, as esbuild has them
 * @param {string} name
 */
function toClassic(code, name) {
  const [all, listed] = /** @type {RegExpExecArray} */ (/\bexport \{([^}]*)\};\s*$/.exec(code));
  const exported = listed.replace(/([\w$]+) as ([\w$]+)/g, "$2: $1");
  return `var ${name} = (() => {\n${code.slice(0, -all.length)}return {${exported}};\n})();`;
}

/**
 * Gives a string in ASCII as a script has it, with the quotes of which it has fewer.
 *
 * @param {string} text
 */
function toLiteral(text) {
  const double = JSON.stringify(text).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const single = double.slice(1, -1).replace(/\\.|'/g, (found) => SINGLE[found] || found);
  return text.split('"').length > text.split("'").length ? `'${single}'` : double;
}

// What is otherwise between single quotes.
/** @type {{ [found: string]: string }} */
const SINGLE = { '\\"': '"', "'": "\\'" };
