// Builds the bundle's scripts and page, or the files of the npm package.

/** @import { BuildOptions } from "esbuild" */

import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { buildPackage } from "./build_package.js";
import { readOptions } from "./command.js";

const USAGE = `Usage: node web/build.js [--npm BUNDLE [--license SPDX]] --output DIR
Writes the site's scripts, page, style, icon and vendor/tf.min.js to DIR;
with --npm, the npm package's modules, their types, and classifier.js, which
has the model of the bundle in BUNDLE; the package says the licence SPDX.`;

/** @param {string} name */
const source = (name) => join(import.meta.dirname, "src", name);

/** @type {BuildOptions} */
const SHARED = {
  bundle: true,
  minify: true,
  legalComments: "none",
  // What the last browser of the iPhone 5 reads, Safari 10.1.
  target: "es2017",
  // Read alike by a page that declares no charset.
  charset: "ascii",
  // The settings of a type checker, here or in a folder above, must not change what is built.
  tsconfigRaw: {},
  logLevel: "warning",
};

// Each script of the site, and the global that it sets, if any.
const SCRIPTS = {
  "classifier.js": "Provender",
  "page.js": undefined,
  "sw.js": undefined,
  "verify.js": "ProvenderVerify",
  "worker.js": undefined,
};

/** @param {string} output */
async function buildSite(output) {
  /** @type {BuildOptions} */
  const script = { ...SHARED, format: "iife" };
  const tensorflow = createRequire(import.meta.url).resolve("@tensorflow/tfjs/dist/tf.min.js");
  await mkdir(join(output, "vendor"), { recursive: true });
  await Promise.all([
    ...Object.entries(SCRIPTS).map(([name, globalName]) =>
      build({ ...script, globalName, entryPoints: [source(name)], outfile: join(output, name) }),
    ),
    ...["index.html", "style.css", "icon.svg"].map((name) =>
      copyFile(source(name), join(output, name)),
    ),
    copyFile(tensorflow, join(output, "vendor", "tf.min.js")),
  ]);
}

const { npm, license, output } = readOptions(USAGE, {
  npm: { type: "string", optional: true },
  license: { type: "string", optional: true },
  output: { type: "string" },
});
try {
  await (npm ? buildPackage(npm, output, SHARED, license) : buildSite(output));
} catch (error) {
  console.error(`build.js: ${/** @type {Error} */ (error).message}`);
  process.exit(1);
}
