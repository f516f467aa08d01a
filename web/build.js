// Builds the bundle's scripts and page, or the files of the npm package.

/** @import { BuildOptions } from "esbuild" */

import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { readOptions } from "./command.js";

const USAGE = `Usage: node web/build.js [--npm BUNDLE] [--language CODE] --output DIR
Writes the site's scripts in a language of src/languages ("en"), styles, icons and
vendor/tf.min.js to DIR; with --npm, index.cjs, index.mjs, their types, and data.js with the model of the bundle in BUNDLE.`;

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
  "element.js": undefined,
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
      build({ ...script, globalName, entryPoints: [source(name)], outfile: join(output, name) }),
    ),
    ...COPIED.map((name) => copyFile(source(name), join(output, basename(name)))),
    copyFile(tensorflow, join(output, "vendor", "tf.min.js")),
  ]);
}

/**
 * @param {string} bundle
 * @param {string} output
 */
async function buildPackage(bundle, output) {
  /** @param {string} name */
  const read = async (name) => (await readFile(join(bundle, name), "utf8")).trim();
  const layers = join("tfjs", "layers");
  const weights = await readFile(join(bundle, layers, "group1-shard1of1.bin"), "base64");
  const parts = `{constants:${await read("constants.json")},model:${await read(
    join(layers, "model.json"),
  )},weights:"${weights}"}`;
  // Packages of other models, or versions, may be on the same page.
  const name = `provender ${createHash("sha256").update(parts).digest("hex")}`;
  await mkdir(output, { recursive: true });
  /** @type {BuildOptions} */
  const script = {
    ...SHARED,
    entryPoints: [source("package.js")],
    define: { PROVENDER_DATA: JSON.stringify(name) },
  };
  await Promise.all([
    build({
      ...script,
      format: "cjs",
      banner: { js: 'require("./data.js");' },
      outfile: join(output, "index.cjs"),
    }),
    build({
      ...script,
      format: "esm",
      banner: { js: 'import "./data.js";' },
      outfile: join(output, "index.mjs"),
    }),
    writeFile(join(output, "data.js"), `(typeof self==="undefined"?global:self)["${name}"]=${parts};\n`),
    // A file for each module format: types of the one are wrong for the other.
    ...["index.d.mts", "index.d.cts"].map((types) =>
      copyFile(source("index.d.ts"), join(output, types)),
    ),
  ]);
}

const { language, npm, output } = readOptions(USAGE, {
  language: { type: "string", optional: true },
  npm: { type: "string", optional: true },
  output: { type: "string" },
});
try {
  await (npm ? buildPackage(npm, output) : buildSite(output, language || "en"));
} catch (error) {
  console.error(`build.js: ${/** @type {Error} */ (error).message}`);
  process.exit(1);
}
