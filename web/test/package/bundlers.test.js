// The npm package in empty projects: of Vite, webpack and esbuild, without a bundler, and in Node.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { build as esbuild } from "esbuild";
import { openBrowser } from "../browser/site.js";
import {
  ANSWER,
  ASKS,
  ASKS_OWN_WORKER,
  ASKS_WORKER,
  LOADS,
  NAME,
  RUNTIME,
  TEXT,
  VERSION,
  ask,
  html,
  importBundler,
  linesOf,
  makeProject,
  rounded,
  runNode,
  sizeOf,
} from "./project.js";

const opened = openBrowser();

// What a page asks, and the most bytes of scripts that may reach it.
const ALL = sizeOf("classifier.js") + sizeOf("esm/index.js") + RUNTIME;
// webpack's minifier writes each end of a line, of which words have many, in two letters.
const LINES = { Vite: 0, webpack: linesOf("classifier.js") };
const KERNEL = sizeOf("esm/kernel.js");
/** @type {{ [kind: string]: [main: string, most: number] }} */
const PAGES = {
  asks: [ASKS, ALL],
  worker: [ASKS_WORKER, ALL + KERNEL],
  own: [ASKS_OWN_WORKER, ALL + KERNEL],
  loads: [LOADS, KERNEL],
};

async function buildByVite(folder) {
  const { build } = await importBundler("vite");
  await build({ root: folder, configFile: false, logLevel: "warn", build: { target: "es2022" } });
  return join(folder, "dist");
}

async function buildByWebpack(folder) {
  const { default: webpack } = await importBundler("webpack");
  const stats = await new Promise((resolve, reject) => {
    webpack(
      {
        context: folder,
        mode: "production",
        entry: "./main.js",
        // How large a script should be is webpack's taste.
        performance: false,
        output: { path: join(folder, "dist"), filename: "main.js" },
      },
      (error, done) => (error ? reject(error) : resolve(done)),
    );
  });
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  assert.deepEqual({ errors, warnings }, { errors: [], warnings: [] });
  return folder;
}

const BUILDS = { Vite: buildByVite, webpack: buildByWebpack };
const PAGE = {
  Vite: html('<script type="module" src="main.js"></script>'),
  webpack: html('<script src="dist/main.js"></script>'),
};

for (const [bundler, build] of Object.entries(BUILDS)) {
  for (const [kind, [main, most]] of Object.entries(PAGES)) {
    test(`${bundler}, ${kind}`, async (t) => {
      const folder = makeProject(t, { "main.js": main, "index.html": PAGE[bundler] });
      const { scripts } = await ask(t, opened.browser, await build(folder));
      const allowed = most + LINES[bundler];
      assert.ok(scripts <= allowed, `${scripts} bytes, and not ${allowed}`);
    });
  }
}

for (const [kind, main, most] of /** @type {[string, string, number][]} */ ([
  ["asks", ASKS, ALL],
  ["worker", ASKS_WORKER.replace("worker: true", 'worker: new Worker("worker.js")'), ALL + KERNEL],
  ["loads", LOADS, KERNEL],
])) {
  test(`esbuild, ${kind}`, async (t) => {
    const folder = makeProject(t, {
      "main.js": main,
      "index.html": html('<script type="module" src="dist/main.js"></script>'),
    });
    /** @type {import("esbuild").BuildOptions} */
    const shared = { absWorkingDir: folder, bundle: true, minify: true, logLevel: "silent" };
    const { warnings } = await esbuild({
      ...shared, entryPoints: ["main.js"], format: "esm", outdir: "dist",
    });
    assert.deepEqual(warnings, []);
    await esbuild({ ...shared, entryPoints: [`${NAME}/worker`], outfile: "worker.js" });
    const { scripts } = await ask(t, opened.browser, folder);
    assert.ok(scripts <= most, `${scripts} bytes, and not ${most}`);
  });
}

const AT = `/node_modules/${NAME}/`;
const SHOW = `.then((answer) => { document.body.dataset.answer = JSON.stringify(answer); })`;
const GLOBAL = `${NAME.replace(/-(.)/g, (_, letter) => letter.toUpperCase())}`;

test("a plain script, and its worker", async (t) => {
  // As pages may be that say no charset.
  const page = (code) =>
    html(`<script src="${AT}classifier.js"></script><script>${code}</script>`).replace(/<meta[^>]*>/, "");
  const folder = makeProject(t, {
    "index.html": page(
      `Promise.resolve(${GLOBAL}.classify(${JSON.stringify(TEXT)}))${SHOW}`,
    ),
    "worker.html": page(
      `${GLOBAL}.create({ base: "bundle", worker: true })
        .then((classifier) => classifier.classify(${JSON.stringify(TEXT)}))${SHOW}`,
    ),
  });
  const { scripts, page: opener } = await ask(t, opened.browser, folder);
  assert.equal(scripts, sizeOf("classifier.js"));
  assert.equal(await opener.evaluate(`${GLOBAL}.version`), VERSION);
  await ask(t, opened.browser, folder, "worker.html");
});

test("modules as they are, here and in workers", async (t) => {
  const map = JSON.stringify({
    imports: { [NAME]: `${AT}esm/index.js`, [`${NAME}/model`]: `${AT}esm/model.js` },
  });
  const body = (main) =>
    html(`<script type="importmap">${map}</script><script type="module" src="${main}"></script>`);
  const folder = makeProject(t, {
    "asks.js": ASKS,
    "index.html": body("asks.js"),
    "worker.js": ASKS_WORKER,
    "worker.html": body("worker.js"),
    "inside.js": `
      import { classify } from "${AT}esm/index.js";
      self.onmessage = ({ data }) => self.postMessage(classify(data));
    `,
    "inside.html": html(`<script>
      const worker = new Worker("inside.js", { type: "module" });
      worker.onmessage = ({ data }) => { document.body.dataset.answer = JSON.stringify(data); };
      worker.postMessage(${JSON.stringify(TEXT)});
    </script>`),
  });
  const { scripts } = await ask(t, opened.browser, folder);
  assert.equal(scripts, sizeOf("classifier.js") + sizeOf("esm/index.js") + ASKS.length);
  await ask(t, opened.browser, folder, "worker.html");
  await ask(t, opened.browser, folder, "inside.html");
});

test("Node, by import and by require", async (t) => {
  const show = `console.log(JSON.stringify(classify(${JSON.stringify(TEXT)})))`;
  const folder = makeProject(t, {
    "asks.mjs": `import { classify } from "${NAME}"; ${show}`,
    "asks.cjs": `const { classify } = require("${NAME}"); ${show}`,
    "model.cjs": `
      const { create } = require("${NAME}/core");
      const { default: model } = require("${NAME}/model");
      create({ model }).then(({ classify }) => ${show});
    `,
    "names.mjs": `
      import { createRequire } from "node:module";
      const require = createRequire(import.meta.url);
      const names = {};
      for (const part of ["", "/core", "/model"]) {
        names[part] = [await import("${NAME}" + part), require("${NAME}" + part)].map((found) =>
          Object.keys(found).sort());
      }
      console.log(JSON.stringify(names));
    `,
  });
  for (const script of ["asks.mjs", "asks.cjs", "model.cjs"]) {
    assert.deepEqual(rounded(runNode(folder, script)), ANSWER);
  }
  const core = ["create", "createClassifier", "load"];
  const all = [
    "classify", "classifyBatch", "digest", "explain", "info", "labels", "predict", "unsureBelow",
    "version", ...core,
  ].sort();
  assert.deepEqual(runNode(folder, "names.mjs"), {
    "": [all, all], "/core": [core, core], "/model": [["default"], ["default"]],
  });
  assert.ok(readdirSync(join(folder, "node_modules", NAME)).includes("README.md"));
});
