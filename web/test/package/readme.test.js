// The code in the npm package's README: every block runs, where it says that it does.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { openBrowser, serveSite } from "../browser/site.js";
import { NAME, html, importBundler, makeProject, sizeOf } from "./project.js";

const { BUNDLE = "", PACKAGE = "" } = process.env;
const readme = readFileSync(join(PACKAGE, "README.md"), "utf8");
const blocks = Array.from(readme.matchAll(/^```(\w+)\n([^]*?)^```$/gm), ([, kind, code]) => ({ kind, code }));
const opened = openBrowser();

const ADDRESS = "https://example.org/classifier";
const isForBrowsers = ({ kind, code }) => kind === "html" || /worker: true/.test(code);

test("the README shows each way to ask", () => {
  assert.deepEqual(blocks.map((block) => [block.kind, isForBrowsers(block)]), [
    ["js", false], ["js", false], ["html", true], ["js", false], ["js", false], ["js", true],
    ["js", false],
  ]);
});

blocks.forEach((block, place) => {
  if (isForBrowsers(block)) return;
  test(`block ${place}, in Node`, async (t) => {
    const site = await serveSite(BUNDLE);
    t.after(() => site.stop());
    const code = block.code.replace(ADDRESS, BUNDLE);
    const script = /require\(/.test(code) ? "main.cjs" : "main.mjs";
    const folder = makeProject(t, { [script]: code });
    const done = spawnSync(process.execPath, [script], { cwd: folder, encoding: "utf8" });
    assert.deepEqual([done.status, done.stderr], [0, ""]);
    assert.notEqual(done.stdout, "");
  });
});

blocks.forEach((block, place) => {
  if (!isForBrowsers(block)) return;
  test(`block ${place}, in Chromium`, async (t) => {
    const folder = makeProject(t, {
      "main.js": block.code,
      "index.html": html('<script type="module" src="main.js"></script>'),
    });
    if (block.kind === "js") {
      const { build } = await importBundler("vite");
      await build({ root: folder, configFile: false, logLevel: "warn", build: { target: "es2022" } });
    }
    const site = await serveSite(block.kind === "js" ? join(folder, "dist") : PACKAGE);
    t.after(() => site.stop());
    const page = await opened.browser.newPage();
    t.after(() => page.close());
    const said = [];
    page.on("console", async (message) => said.push(await message.args()[0].jsonValue()));
    page.on("pageerror", (error) => said.push(error.message));
    if (block.kind === "html") {
      await page.route("**/readme.html", (route) =>
        route.fulfill({ contentType: "text/html", body: html(block.code) }));
      await page.goto(`${site.base}readme.html`);
    } else {
      await page.goto(site.base);
    }
    for (let i = 0; i < 100 && said.length === 0; i++) await page.waitForTimeout(100);
    const { labels = said[0] } = said[0];
    assert.equal(Array.isArray(labels), true, `${said}`);
  });
});

test("sizes are those of the files", () => {
  const size = sizeOf("esm/core.js") + sizeOf("esm/kernel.js");
  assert.match(readme, new RegExp(`^\\| \`${NAME}/core\` \\| the kernel \\| ${size.toLocaleString("en")} \\|`, "m"));
});
