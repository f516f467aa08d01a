// Builds the bundle's scripts and page, or the files of the npm package.

/** @import { BuildOptions } from "esbuild" */

import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { buildPackage } from "./build_package.js";
import { readOptions } from "./command.js";
import { THOROUGH, writeScript } from "./minify.js";

const USAGE = `Usage: node web/build.js [--npm BUNDLE [--license SPDX]] [--language CODE] --output DIR
Writes the site's scripts in a language of src/languages ("en"), styles, icons and
vendor/tf.min.js to DIR; with --npm, the npm package's modules, their types, and classifier.js,
which has the model of the bundle in BUNDLE; the package says the licence SPDX.`;

/** @param {string} name */
const source = (name) => join(import.meta.dirname, "src", name);

/** @type {BuildOptions} */
const SHARED = {
  bundle: true,
  minifySyntax: true,
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
  "element.js": undefined,
  "more.js": undefined,
  "page.js": undefined,
  "sw.js": undefined,
  "update.js": "ProvenderUpdate",
  "verify.js": "ProvenderVerify",
  "worker.js": undefined,
};

const COPIED = ["style.css", "no-script.css", "icon.svg"].concat(
  ["icon-192.png", "icon-512.png", "icon-maskable-512.png"].map((name) => `icons/${name}`),
);

/**
 * @param {string} output
 * @param {string} language
 */
async function buildSite(output, language) {
  /** @type {BuildOptions} */
  const script = {
    ...SHARED,
    format: "iife",
    alias: { words: source(join("languages", `${language}.json`)) },
  };
  const tensorflow = createRequire(import.meta.url).resolve("@tensorflow/tfjs/dist/tf.min.js");
  await mkdir(join(output, "vendor"), { recursive: true });
  await Promise.all([
    ...Object.entries(SCRIPTS).map(([name, globalName]) =>
      writeScript({
        ...script,
        globalName,
        compress: name === "classifier.js" && THOROUGH,
        entryPoints: [source(name)],
        outfile: join(output, name),
      }),
    ),
    ...COPIED.map((name) => copyFile(source(name), join(output, basename(name)))),
    copyFile(tensorflow, join(output, "vendor", "tf.min.js")),
  ]);
}

const { language, license, npm, output } = readOptions(USAGE, {
  language: { type: "string", optional: true },
  npm: { type: "string", optional: true },
  license: { type: "string", optional: true },
  output: { type: "string" },
});
try {
  await (npm
    ? buildPackage(npm, output, SHARED, license)
    : buildSite(output, language || "en"));
} catch (error) {
  console.error(`build.js: ${/** @type {Error} */ (error).message}`);
  process.exit(1);
}
