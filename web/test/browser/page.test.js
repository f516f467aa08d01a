// The bundle in the folder BUNDLE: the page, its engines, what it shows, and how it is reached; and
// the other ways into it: the page as one file, the worker, the constants.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { createClassifier } from "../../src/classifier.js";
import { assertOld } from "../old_browsers.js";
import {
  enginesOf,
  askWorker,
  chooseEngine,
  knownWords,
  openPage,
  openSite,
  readJson,
  readManifest,
  readParts,
  readPolicy,
  whenReady,
} from "./site.js";

const { BUNDLE = "" } = process.env;
const TOLERANCE = 1e-5;

const constants = readJson(BUNDLE, "constants.json");
const about = readJson(BUNDLE, "about.json");
const ENGINES = enginesOf(BUNDLE);
const words = (first, last) => knownWords(BUNDLE, first, last);

const read = (name) => readFileSync(join(BUNDLE, name), "utf8");
const text = knownWords(BUNDLE, 0, 20);
const parts = readParts(BUNDLE);
const classifier = createClassifier(parts);

const opened = openSite(BUNDLE);

/** Opens the page afresh; files that match `missing` are not there. */
async function open(t, missing) {
  const { page, site } = opened;
  if (missing) {
    await page.route(missing, (route) => route.fulfill({ status: 404 }));
    t.after(() => page.unrouteAll());
  }
  await page.goto(site.base);
  return page;
}

async function openReady(t, missing) {
  const page = await open(t, missing);
  await whenReady(page);
  return page;
}

const shownScores = (page) =>
  page.$$eval("#scores li", (items) => items.map((item) => item.innerText.split(/\n+/)));

test("the page loads without a complaint and asks no other host, whichever engine", async (t) => {
  const { base } = opened.site;
  const { page, requests, complaints } = await openPage(t, opened.browser, base);
  await whenReady(page);
  assert.ok(!requests.some((url) => url.includes("tf.min.js")), "TensorFlow.js is loaded unasked");
  for (const engine of ENGINES) {
    await chooseEngine(page, engine);
    await page.fill("#text", words(0, 20));
  }
  assert.ok(requests.some((url) => url.endsWith("/vendor/tf.min.js")));
  assert.deepEqual(requests.filter((url) => !url.startsWith(base)), []);
  assert.deepEqual(complaints, []);
});

test("nothing inline, nothing evaluated and nothing foreign may run", async (t) => {
  const page = await open(t);
  const policy = await readPolicy(page);
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe/);
});

test("typing shows the best labels, which change with the text", async (t) => {
  const page = await openReady(t);
  assert.deepEqual(await shownScores(page), []);

  const shown = [];
  for (const text of [words(0, 3), words(3, 40)]) {
    await page.fill("#text", "");
    await page.locator("#text").pressSequentially(text);
    const scores = await shownScores(page);
    const predicted = await page.evaluate((value) => window.predict(value), text);
    assert.equal(scores.length, Math.min(5, constants.labels.length));
    assert.deepEqual(
      scores,
      predicted.map(({ label, score }) => [label, `${(100 * score).toFixed(1)} %`]),
    );
    const [{ label, score }] = predicted;
    const verdict =
      score < constants.unsure_below ? `Not sure; perhaps ${label}.` : `Most likely ${label}.`;
    assert.equal(await page.innerText("#verdict"), verdict);
    const widths = await page.$$eval(".bar", (bars) =>
      bars.map((bar) => parseFloat(bar.style.width)),
    );
    widths.forEach((width, i) => assert.ok(Math.abs(width - 100 * predicted[i].score) < 0.01));
    shown.push(JSON.stringify(predicted));
  }
  assert.notEqual(shown[0], shown[1]);
});

test("a text without a known word gets a plain answer instead of labels", async (t) => {
  const page = await openReady(t);
  await page.fill("#text", "qzxqzxqzx");
  assert.equal(await page.innerText("#verdict"), "The model knows none of these words.");
  assert.deepEqual(await shownScores(page), []);
  await page.fill("#text", "ვეფხისტყაოსანი");
  const unseen = "The model has learnt from no text in this script.";
  assert.equal(await page.innerText("#verdict"), unseen);
});

// Which texts of the next test have no known word, and so no answer.
const UNKNOWN = ["empty", "10 MB of one letter", "10 MB of emoji"];

test("kernel, layers and graph agree on every text", async (t) => {
  const page = await openReady(t);
  const most = constants.max_words;
  const texts = {
    empty: "",
    "one word": words(0, 1),
    "capitals and punctuation": `${words(5, 15).toUpperCase()}! (${words(1, 5)})?`,
    "more words than are read": words(0, most + 50),
    repetition: `${words(0, 1)} `.repeat(most),
    emoji: `😀 ${words(0, 2)} 👩‍🚀😀`,
    NULs: `\0${words(2, 4)}\0\0`,
    "a lone surrogate": `${words(3, 5)}\ud83d`,
    "other scripts": "İstanbul ΣΊΣΥΦΟΣ Straße \u212a 日本語",
    "10 MB of words": { part: `${words(0, 100)} `, length: 1e7 },
    "10 MB of one letter": { part: "x", length: 1e7 },
    "10 MB of emoji": { part: "😀", length: 1e7 },
  };
  const predictions = {};
  for (const engine of ENGINES) {
    await chooseEngine(page, engine);
    // Large texts are made on the page, since they would take long to get there.
    predictions[engine] = await page.evaluate(
      (given) =>
        given.map((text) => {
          const isWhole = typeof text === "string";
          const whole = isWhole ? text : text.part.repeat(text.length / text.part.length);
          return window.predict(whole, Infinity);
        }),
      Object.values(texts),
    );
  }
  Object.keys(texts).forEach((name, i) => {
    const kernel = new Map(predictions.kernel[i].map(({ label, score }) => [label, score]));
    assert.equal(kernel.size, UNKNOWN.includes(name) ? 0 : constants.labels.length, name);
    for (const engine of about.formats) {
      assert.equal(predictions[engine][i].length, kernel.size);
      for (const { label, score } of predictions[engine][i]) {
        const difference = Math.abs(score - kernel.get(label));
        assert.ok(difference <= TOLERANCE, `${name}: ${engine} and kernel differ by ${difference}`);
      }
    }
  });
});

test("predict gives the asked number of labels, best first", async (t) => {
  const page = await openReady(t);
  const predicted = await page.evaluate((text) => window.predict(text, 3), words(0, 30));
  assert.equal(predicted.length, Math.min(3, constants.labels.length));
  for (const prediction of predicted) {
    assert.deepEqual(Object.keys(prediction), ["label", "score"]);
    assert.ok(constants.labels.includes(prediction.label));
  }
  const scores = predicted.map(({ score }) => score);
  assert.deepEqual(scores, scores.slice().sort((a, b) => b - a));
});

test("predict before ready says what to await", async (t) => {
  const page = await open(t, "**/constants.json");
  const message = await page.evaluate(() => {
    try {
      return window.predict("text");
    } catch (error) {
      return /** @type {Error} */ (error).message;
    }
  });
  assert.equal(message, "The model is not loaded yet: await ready first");
});

test("a missing weights file is named on the page, once", async (t) => {
  const page = await open(t, "**/*.bin");
  const problem = page.locator("#problem");
  await problem.waitFor();
  assert.match(await problem.innerText(), /^Could not load tfjs\/layers\/\S+\.bin: HTTP 404$/);
  assert.equal(await page.getByRole("alert").count(), 1);
  const reason = await page.evaluate(() => window.ready.catch((error) => error.message));
  assert.equal(reason, await problem.innerText());
});

test("without TensorFlow.js the page says so and goes back to the kernel", async (t) => {
  const page = await openReady(t, "**/tf.min.js");
  await page.fill("#text", words(0, 10));
  await page.check('input[value="layers"]', { force: true });
  await page.locator("#problem").waitFor();
  assert.equal(await page.innerText("#problem"), "Could not load vendor/tf.min.js");
  await whenReady(page);
  assert.ok(await page.isChecked('input[value="kernel"]'));
  assert.equal((await shownScores(page)).length, Math.min(5, constants.labels.length));
});

test("the classifier script works alone", async (t) => {
  const page = await openReady(t);
  await page.addScriptTag({ url: "classifier.js" });
  const [alone, paged] = await page.evaluate(async (text) => {
    const classifier = await window.Provender.load();
    return [classifier.predict(text), window.predict(text)];
  }, words(0, 30));
  assert.deepEqual(alone, paged);
});

test("the metrics and the corpus are shown", async (t) => {
  const page = await open(t);
  await page.locator("#metrics").waitFor();
  assert.ok((await page.innerText("#corpus")).includes(about.corpus.title));
  const hundredths = (share) => (100 * share).toFixed(1);
  const cells = (selector) =>
    page.$$eval(`${selector} tr`, (rows) =>
      rows.map((row) =>
        Array.from(/** @type {HTMLTableRowElement} */ (row).cells, (cell) => cell.textContent),
      ),
    );
  const { test: tested, validation } = about.metrics;
  const overview = await cells("#overview");
  // Of three labels, recall@3 and recall@5 are always 1.
  const shown = [
    ["recall@1", "recall@1"],
    ["macro F1", "macro_f1"],
  ];
  assert.deepEqual(overview, [
    ...shown.map(([title, metric]) => [
      title,
      ...[tested, validation].map((split) => {
        const [low, high] = split.intervals[metric].map(hundredths);
        return `${hundredths(split[metric])} %${low}–${high}`;
      }),
    ]),
    ["texts", ...[tested, validation].map(({ posts }) => posts.toLocaleString("en"))],
  ]);
  assert.equal(await page.isVisible("#recall-3"), false);
  const remarks = await page.$$eval("#remarks li", (items) => items.map((item) => item.textContent));
  assert.deepEqual(
    remarks,
    about.remarks.map((remark) => `${remark[0].toUpperCase()}${remark.slice(1)}.`),
  );
  assert.ok(remarks.includes("What was chosen by the validation split stands on 30 texts."));

  await page.click("summary");
  assert.deepEqual(
    await cells("#per-label"),
    Object.entries(tested.labels).map(([label, metrics]) => [
      label,
      ...["precision", "recall@1", "f1"].map((metric) => (100 * metrics[metric]).toFixed(1)),
      metrics.posts.toLocaleString("en"),
    ]),
  );
});

test("at 320 pixels nothing scrolls sideways", async (t) => {
  const { browser, site } = opened;
  const { page } = await openPage(t, browser, site.base, {
    serviceWorkers: "block",
    viewport: { width: 320, height: 640 },
  });
  await whenReady(page);
  await page.locator("#metrics").waitFor();
  await page.fill("#text", words(0, 30));
  await page.click("summary");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
});

test("the engines that are offered are those whose format is there", async (t) => {
  const page = await openReady(t);
  await page.locator("#metrics").waitFor();
  const shown = await page.$$eval("input[name=engine]", (inputs) =>
    inputs.filter((input) => input.checkVisibility()).map((input) => input.getAttribute("value")),
  );
  assert.deepEqual(shown, ENGINES);
});

test("the keyboard alone reaches the text, the engines and the details", async (t) => {
  const page = await openReady(t);
  await page.locator("#metrics").waitFor();
  const reached = new Set();
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement?.tagName));
  }
  for (const tag of ["TEXTAREA", "INPUT", "SUMMARY"]) assert.ok(reached.has(tag), tag);
  await page.focus('input[value="kernel"]');
  await page.keyboard.press("ArrowRight");
  await whenReady(page);
  assert.ok(await page.isChecked('input[value="layers"]'));
});

test("the page as one file opens from a disk and asks for nothing", async (t) => {
  const address = pathToFileURL(join(BUNDLE, "demo.single.html")).href;
  const { browser } = opened;
  const { page, requests, complaints } = await openPage(t, browser, address, { offline: true });
  await whenReady(page);
  await page.fill("#text", text);
  const shown = await page.locator("#scores .label").allInnerTexts();
  assert.deepEqual(shown, classifier.predict(text).map(({ label }) => label));
  assert.deepEqual(await page.evaluate((value) => window.predict(value), text), classifier.predict(text));
  await page.locator("#metrics").waitFor();
  // The icon is written into the page.
  assert.deepEqual(requests.filter((url) => !url.startsWith("data:")), [address]);
  assert.deepEqual(complaints, []);
  const offered = page.locator(".engines, #verify-form, a, [src], link[href^=http]");
  for (const element of await offered.all()) assert.equal(await element.isVisible(), false);
});

test("the page as one file may not ask for anything", async () => {
  const { page, site } = opened;
  await page.goto(`${site.base}demo.single.html`);
  await whenReady(page);
  const message = await page.evaluate(() =>
    fetch("about.json").then(() => "fetched", (error) => error.message),
  );
  assert.equal(message, "Failed to fetch");
  const policy = await readPolicy(page);
  assert.match(policy, /^default-src 'none'; script-src 'sha256-\S+' 'sha256-\S+'; style-src 'sha256-\S+'/);
  assert.doesNotMatch(policy, /unsafe|self/);
});

test("the worker answers each message by its id", async () => {
  const { page, site } = opened;
  await page.goto(site.base);
  const answers = await askWorker(page, [
    { id: 1, text, count: 2 },
    { id: "two", text: "" },
    { id: 3, text: null },
  ]);
  assert.deepEqual(Object.fromEntries(answers.map(({ id, ...answer }) => [id, answer])), {
    1: { ...classifier.classify(text, { topK: 2 }) },
    two: { ...classifier.classify("") },
    3: { error: "The text must be a string, not null" },
  });
});

test("a worker without its model says so", async (t) => {
  const { page, site } = opened;
  await page.goto(site.base);
  site.broken = ["constants.json"];
  t.after(() => {
    site.broken = [];
  });
  assert.deepEqual(await askWorker(page, [{ id: 1, text: "" }]), [
    { id: 1, error: "Could not load ./constants.json: HTTP 500" },
  ]);
});

test("constants.js sets one global, which is constants.json", () => {
  const script = read("constants.js");
  const context = vm.createContext({});
  vm.runInContext(script, context);
  assert.deepEqual(Object.keys(context), ["ProvenderConstants"]);
  assert.deepEqual(JSON.parse(JSON.stringify(context.ProvenderConstants)), parts.constants);
  assert.match(script, /^[\0-\x7f]*$/);
});

const scripts = Object.keys(readManifest(BUNDLE).files)
  .filter((name) => name.endsWith(".js") && !name.startsWith("vendor/"))
  .map((name) => [name, read(name)]);
const inlined = read("demo.single.html").match(/<script>[^]*?<\/script>/g) || [];
inlined.forEach((element, index) => {
  scripts.push([`script ${index + 1} of demo.single.html`, element.slice(8, -9)]);
});

test("all scripts are read by the browsers of 2017", () => {
  assert.equal(inlined.length, 2);
  for (const [name, script] of scripts) assertOld(script, name);
});
