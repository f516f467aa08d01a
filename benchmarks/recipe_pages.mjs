// Measures the browser's side of the text recipe: node recipe_pages.mjs BUILD prints JSON, in
// ms and kB: `post`, a post of 300 words in Node, to its words; `ids`, to the ids of words, pairs and
// pieces; `large`, the slowest first text of 10 MB on a new page; `decoding` of the vocabulary there; `script` and `words`, text.js and the
// front-coded words of BUILD/words.json after gzip.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const build = resolve(process.argv[2]);
const web = join(build, "web");
const load = (path) => import(pathToFileURL(join(web, path)));
const { createEncoder } = await load("src/encode.js");
const { compileText } = await load("src/text.js");
const { decodeWords } = await load("src/vocabulary.js");
const { launchChromium, listen } = await load("test/browser/chromium.js");
const { writeScript } = await load("minify.js");

// Of so many the fastest counts: other work on the machine only ever adds to the time.
const ROUNDS = 9;
const POSTS_A_ROUND = 500;
const PAGES = 9;

// What may be slow each in its own way: no space to split at, only what is replaced, all that is
// looked up, almost an address from each letter, and 20,000 characters of which none comes twice.
const LARGE = ["x", "the ", "%", "É", "😀", "\0", "a.", "a@", "\ud800", "distinct"];
const BYTES = 1e7;

const constants = JSON.parse(readFileSync(join(build, "dist", "bundle", "constants.json")));
const vocabulary = JSON.parse(readFileSync(join(build, "words.json")));
const gzipped = (text) => gzipSync(text, { level: 9 }).length / 1e3;

function timePost(read) {
  const words = decodeWords(vocabulary).filter((word) => !word.includes(" "));
  const capitals = (word, n) => (n % 11 ? word : word.toUpperCase());
  const step = Math.floor(words.length / 300);
  const post = words
    .filter((_, n) => n % step === 0)
    .slice(0, 300)
    .map((word, n) => capitals(word, n) + (n % 9 ? " " : ",\n"))
    .join("");
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let n = 0; n < POSTS_A_ROUND; n++) read(post);
    rounds.push((performance.now() - start) / POSTS_A_ROUND);
  }
  return Math.min(...rounds);
}

/** Gives what `measure`, called with `given` in a new page each time, returns. */
async function onNewPages(browser, base, measure, all) {
  const found = [];
  for (const given of all) {
    const page = await browser.newPage();
    await page.goto(base);
    found.push(await page.evaluate(measure, given));
    await page.close();
  }
  return found;
}

const timeLarge = async ([part, bytes]) => {
  const { compileText: compile } = await import("/src/text.js");
  const { text } = await (await fetch("/constants.json")).json();
  const distinct = (_, n) => String.fromCodePoint(0x4e00 + (n % 0x5000));
  const whole =
    part === "distinct"
      ? Array.from({ length: bytes / 2 }, distinct).join("")
      : part.repeat(bytes / part.length);
  const { split: toWords } = compile(text);
  const start = performance.now();
  toWords(whole);
  return performance.now() - start;
};

const timeDecoding = async () => {
  const { decodeWords: decode } = await import("/src/vocabulary.js");
  const words = await (await fetch("/words.json")).json();
  const start = performance.now();
  decode(words);
  return performance.now() - start;
};

const { server, base } = await listen((request, response) => {
  const isScript = request.url.endsWith(".js");
  response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
  if (request.url === "/") response.end('<link rel="icon" href="data:,">');
  else if (isScript) response.end(readFileSync(join(web, request.url)));
  else response.end(JSON.stringify(request.url === "/words.json" ? vocabulary : constants));
});
const browser = await launchChromium();
const texts = LARGE.map((part) => [part, BYTES]);
const large = await onNewPages(browser, base, timeLarge, texts);
const decoding = await onNewPages(browser, base, timeDecoding, Array(PAGES).fill(null));
await browser.close();
server.close();

const script = join(build, "text.min.js");
await writeScript({
  entryPoints: [join(web, "src", "text.js")],
  bundle: true,
  minifySyntax: true,
  format: "iife",
  tsconfigRaw: {},
  globalName: "Text",
  outfile: script,
});
console.log(
  JSON.stringify({
    post: timePost(compileText(constants.text).split),
    ids: timePost(createEncoder(constants)),
    large: Math.max(...large),
    decoding: Math.min(...decoding),
    script: gzipped(readFileSync(script)),
    words: gzipped(JSON.stringify(vocabulary)),
  }),
);
