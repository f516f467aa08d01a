// create() in Chromium: on the page and in a worker, by every engine, many at once.

import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { enginesOf, flipBit, knownWords, openBrowser, serveSite, WEIGHTS } from "./site.js";
import { makeFolder } from "../tools.js";

const bundle = /** @type {string} */ (process.env.BUNDLE);
const folder = makeFolder(test);
const text = knownWords(bundle, 0, 40);

// A page of someone else's, with nothing of Provender's but the script.
const PAGE = `<!doctype html><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'self'">
<script src="bundle/classifier.js"></script>`;

/** @type {import("playwright-core").Page} */
let page;
const opened = openBrowser(async ({ browser }) => {
  writeFileSync(join(folder, "index.html"), PAGE);
  for (const name of ["bundle", "broken"]) cpSync(bundle, join(folder, name), { recursive: true });
  flipBit(join(folder, "broken"), WEIGHTS);
  opened.site = await serveSite(folder);
  page = await browser.newPage();
  await page.goto(opened.site.base);
});
test.after(() => opened.site?.stop());

const DOCS = readFileSync(new URL("../../../docs/api.md", import.meta.url), "utf8");

/** Gives the blocks of code in docs/api.md that are of a language. */
const blocks = (language) =>
  Array.from(DOCS.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms")), ([, code]) => code);

test("the page of docs/api.md says what its comment promises", async () => {
  const [html] = blocks("html");
  writeFileSync(join(folder, "docs.html"), html.replaceAll("model", "bundle"));
  const other = await opened.browser.newPage();
  const said = other.waitForEvent("console");
  await other.goto(`${opened.site.base}docs.html`);
  const [label, sure] = await Promise.all((await said).args().map((arg) => arg.jsonValue()));
  await other.close();
  // "Some text" may hold no word that the model knows.
  assert.ok(label === undefined || Object.keys(label).join() === "label,score", `${label}`);
  assert.equal(typeof sure, "boolean");
});

test("each line of docs/api.md runs", async () => {
  const counts = [];
  for (const code of blocks("js")) {
    const given = Array.from(code.matchAll(/const (\{.*?\}|\w+) = /g), ([, names]) => names);
    const names = given.join(", ").replace(/[{} ]/g, "").split(",");
    const missing = await page.evaluate(`(async () => {
      const { create } = Provender;
      const text = ${JSON.stringify(text)};
      const texts = [text, ""];
      const classifier = await create({ base: "bundle" });
      ${code.replaceAll('"model"', '"bundle"')}
      return [${names.join(", ")}].map((value) => value === undefined);
    })()`);
    assert.ok(!missing.includes(true), `${names}: ${missing}`);
    counts.push(names.length);
  }
  assert.deepEqual(counts, [6, 2]);
});

test("a worker gives the answers of the page, as promises", async () => {
  const [here, there, facts] = await page.evaluate(async (asked) => {
    const { create } = /** @type {any} */ (window).Provender;
    const own = await create({ base: "bundle" });
    const remote = await create({ base: "bundle", worker: true });
    const answers = (it) =>
      Promise.all([
        it.classify(asked, { topK: 2 }),
        it.classify(""),
        it.predict(asked, 1),
        it.explain(asked),
        it.classifyBatch([asked, "x", asked], { topK: 1 }),
      ]);
    const found = [await answers(own), await answers(remote)];
    const told = [own, remote].map((it) => [it.labels, it.unsureBelow, it.info()]);
    remote.dispose();
    return [...found, told];
  }, text);
  assert.deepEqual(there, here);
  assert.deepEqual(facts[1], facts[0]);
  assert.equal(here[4].length, 3);
});

test("layers and graph give the kernel's answers, on the page and in a worker", async () => {
  const names = enginesOf(bundle);
  const found = await page.evaluate(
    async ([runtimes, asked]) => {
      const { create } = /** @type {any} */ (window).Provender;
      const answers = {};
      for (const runtime of runtimes) {
        for (const worker of [false, true]) {
          const it = await create({ base: "bundle", runtime, worker });
          answers[`${runtime} ${worker}`] = await it.classify(asked, { topK: 99 });
          it.dispose();
        }
      }
      return answers;
    },
    /** @type {any} */ ([names, text]),
  );
  const [expected, ...others] = Object.values(found);
  assert.equal(others.length, 2 * names.length - 1);
  for (const answer of others) {
    assert.deepEqual(answer.labels.map(({ label }) => label), expected.labels.map(({ label }) => label));
    answer.labels.forEach(({ score }, i) => assert.ok(Math.abs(score - expected.labels[i].score) < 1e-5));
    assert.deepEqual({ ...answer, labels: 0 }, { ...expected, labels: 0 });
  }
});

test("what says what an option has to be is loaded where one is wrong, and not before", async () => {
  const other = await opened.browser.newPage();
  await other.goto(opened.site.base);
  const [before, error] = await other.evaluate(async () => {
    const { Provender, ProvenderMore } = /** @type {any} */ (window);
    await Provender.create({ base: "bundle", runtime: "kernel", worker: false });
    const { name, code, message } = await Provender.create({ base: 7 }).catch((/** @type {Error} */ it) => it);
    return [typeof ProvenderMore, [name, code, message]];
  });
  await other.close();
  assert.equal(before, "undefined");
  assert.deepEqual(error, ["TypeError", "option", "base must be an address or a path, not 7"]);
});

test("errors come from a worker with their names and codes", async () => {
  const caught = await page.evaluate(async () => {
    const { create } = /** @type {any} */ (window).Provender;
    const errors = [];
    const collect = async (promise) => {
      await promise.then(
        () => errors.push("none"),
        ({ name, code, message }) => errors.push([name, code, message]),
      );
    };
    await collect(create({ base: "broken", worker: true }));
    await collect(create({ base: "nowhere", worker: true }));
    const it = await create({ base: "bundle", worker: true });
    await collect(it.classify(7));
    await collect(it.classify("x", { topk: 1 }));
    await collect(it.classify("x", { signal: AbortSignal.abort() }));
    const late = it.classify("x");
    it.dispose();
    await collect(late);
    await collect(it.classify("x"));
    await collect(create({ base: "bundle", worker: new Worker("nothing.js") }));
    return errors;
  });
  const [broken, nowhere, ...rest] = caught;
  assert.deepEqual(broken.slice(0, 2), ["Error", "mixed"]);
  assert.match(broken[2], /^tfjs\/layers\/group1-shard1of1\.bin is not that of manifest\.json/);
  assert.deepEqual(nowhere.slice(0, 2), ["Error", "unreachable"]);
  assert.deepEqual(rest, [
    ["TypeError", "text", "The text must be a string, not number"],
    ["TypeError", "option", "There is no option topk; there are topK, minScore, signal"],
    ["AbortError", "aborted", "This was given up"],
    ["Error", "disposed", "This classifier was disposed of"],
    ["Error", "disposed", "This classifier was disposed of"],
    ["Error", "worker", "The worker has failed: its script did not load"],
  ]);
});

test("a worker holds few questions at once; what is given up is not asked", async () => {
  const [most, answered, given] = await page.evaluate(async () => {
    const { create } = /** @type {any} */ (window).Provender;
    const worker = new Worker("bundle/worker.js");
    let held = 0;
    let peak = 0;
    let asked = 0;
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (/** @type {any} */ message) => {
      asked++;
      peak = Math.max(peak, ++held);
      post(message);
    };
    worker.addEventListener("message", ({ data }) => {
      if (data.id) held--;
    });
    const it = await create({ base: "bundle", worker });
    const before = asked;
    const controller = new AbortController();
    const many = Array.from({ length: 500 }, () =>
      it.classify("flour", { signal: controller.signal }).then(
        () => "answered",
        (/** @type {Error} */ error) => error.name,
      ),
    );
    await many[0];
    controller.abort();
    const outcomes = await Promise.all(many);
    await it.classifyBatch(Array.from({ length: 2000 }, () => "yeast"));
    it.dispose();
    const count = (outcome) => outcomes.filter((each) => each === outcome).length;
    return [peak, asked - before, [count("answered"), count("AbortError")]];
  });
  assert.ok(most <= 4, `${most} at once`);
  assert.equal(given[0] + given[1], 500);
  assert.ok(given[1] > 400 && answered < 100, `${given}, ${answered}`);
});

test("several classifiers live on one page, each with its own model", async () => {
  const sizes = await page.evaluate(async (asked) => {
    const { create } = /** @type {any} */ (window).Provender;
    const all = await Promise.all([
      create({ base: "bundle" }),
      create({ base: "bundle", worker: true }),
      create({ base: "bundle" }),
    ]);
    all[0].dispose();
    const answers = await Promise.all(all.slice(1).map((it) => it.classify(asked)));
    all.slice(1).forEach((it) => it.dispose());
    return answers.map(({ labels }) => labels.length);
  }, text);
  assert.equal(new Set(sizes).size, 1);
});

test("many texts leave no memory behind", async () => {
  const session = await opened.browser.contexts()[0].newCDPSession(page);
  const used = async () => {
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize;
  };
  await page.evaluate(async () => {
    const it = await /** @type {any} */ (window).Provender.create({ base: "bundle" });
    Object.assign(window, { it });
    for (let i = 0; i < 2000; i++) it.classify(`flour ${i} ürgh`);
  });
  const before = await used();
  await page.evaluate(() => {
    const { it } = /** @type {any} */ (window);
    for (let i = 0; i < 30000; i++) it.classify(`flour ${i} yeast dough ürgh ${i % 7}`);
  });
  const grown = (await used()) - before;
  assert.ok(grown < 1e6, `${grown} bytes`);
});
