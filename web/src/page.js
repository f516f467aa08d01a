// The demo page: a text, its best labels, and what the model was made of.

/**
 * @import { Parts } from "./model.js"
 * @import { Constants, Encode } from "./encode.js"
 * @import { Prediction } from "./predict.js"
 * @import { ToScores } from "./predict.js"
 */

import { createEncoder } from "./encode.js";
import { createKernel, softmax } from "./kernel.js";
import { keepOffline } from "./offline.js";
import { rankLabels } from "./predict.js";
import { single, siteJson, siteModel } from "./site.js";
import { tensorflowScores } from "./tensorflow.js";
import { decodeWords } from "./vocabulary.js";

/**
 * A parsed about.json.
 *
 * @typedef {object} About
 * @property {string} name
 * @property {{ kind: string, title: string, posts: Record<Split, number> }} corpus
 * @property {("layers" | "graph")[]} formats of TensorFlow.js in which the model is there
 * @property {Record<"validation" | "test", Metrics>} metrics
 * @property {string[]} remarks what is to be known of these figures
 * @property {Example[]} [examples]
 */

/** @typedef {"train" | "validation" | "test"} Split */

/** @typedef {"recall@1" | "recall@3" | "recall@5" | "macro_f1"} Metric recall@k for k below the labels */

/** @typedef {[low: number, high: number]} Interval */

/** @typedef {"precision" | "recall@1" | "f1"} LabelMetric */

/**
 * How well the model did on a split, in all and by label, with 95 % intervals.
 *
 * @typedef {Record<Metric | "posts", number> & {
 *   intervals: { [Name in Metric]?: Interval },
 *   labels: { [label: string]: Record<LabelMetric | "posts", number> },
 * }} Metrics
 */

/** @typedef {{ title: string, text: string }} Example */

/** @typedef {keyof typeof ENGINE_NOTES} EngineName */

/**
 * An engine that is loaded.
 *
 * @typedef {object} Engine
 * @property {string[]} labels
 * @property {number} unsureBelow
 * @property {Encode} encode
 * @property {ToScores} toScores
 * @property {number} mostWords how many words of a text are read
 */

const SHOWN_LABELS = 5;

// What one row of each kind of corpus is called.
/** @type {{ [kind: string]: string | undefined }} */
const NOUNS = { newsgroups: "posts", docstrings: "docstrings" };

/** @type {[Metric, title: string][]} */
const METRICS = [
  ["recall@1", "recall@1"],
  ["recall@3", "recall@3"],
  ["recall@5", "recall@5"],
  ["macro_f1", "macro F1"],
];
/** @type {LabelMetric[]} */
const LABEL_METRICS = ["precision", "recall@1", "f1"];

const ENGINE_NOTES = {
  kernel: "A few lines of script over the layers format's weights; no library.",
  layers: "TensorFlow.js, with the model in its layers format.",
  graph: "TensorFlow.js, with the SavedModel in its graph format.",
};

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const textField = /** @type {HTMLTextAreaElement} */ (byId("text"));
/** @param {number} share */
const hundredths = (share) => (100 * share).toFixed(1);
/** @param {number} share */
const percent = (share) => `${hundredths(share)} %`;
/** @param {number} number */
const grouped = (number) => number.toLocaleString("en");

/** @type {Promise<Constants>} */
const constantsLoaded = siteJson("constants.json");
const encoderLoaded = constantsLoaded.then(createEncoder);
/** The parts of Unicode that the vocabulary's words are from. @type {Set<number>} */
let seen = new Set();
constantsLoaded.then(({ words }) => {
  seen = new Set(parts(decodeWords(words).join("")));
});
/** @type {{ [Name in EngineName]?: Promise<Engine> }} */
const engines = {};

/**
 * The chosen engine, once it is loaded.
 *
 * @type {Engine | null}
 */
let engine = null;

window.predict = (text, count) => {
  if (!engine) throw new Error("The model is not loaded yet: await ready first");
  return rankLabels(engine.labels, engine.toScores(engine.encode(text)), count || SHOWN_LABELS);
};

/**
 * @param {EngineName} name
 * @returns {Promise<Engine>}
 */
async function loadEngine(name) {
  const constants = await constantsLoaded;
  const encode = await encoderLoaded;
  const parts = /** @type {Parts} */ (
    await siteModel(`tfjs/${name === "graph" ? "graph" : "layers"}`)
  );
  parts.constants = constants;
  const { labels, max_words: mostWords, unsure_below: unsureBelow } = constants;
  if (name === "kernel") {
    const { logits } = createKernel(parts);
    return { labels, mostWords, unsureBelow, encode, toScores: (text) => softmax(logits(text)) };
  }
  const { scores } = await tensorflowScores(await loadTensorflow(), parts);
  return { labels, mostWords, unsureBelow, encode, toScores: (text) => scores([text]) };
}

function loadTensorflow() {
  // TensorFlow.js assigns to this global and, where there is none, evaluates a string to make
  // one, which the page's security policy forbids.
  if (!window.tf) window.regeneratorRuntime = undefined;
  return loadScript("vendor/tf.min.js", "tf");
}

/**
 * Loads a script that sets a global, once, and gives that global.
 *
 * @template {"tf" | "ProvenderVerify"} Name
 * @param {string} address
 * @param {Name} name
 * @returns {Promise<NonNullable<Window[Name]>>}
 */
function loadScript(address, name) {
  return new Promise((resolve, reject) => {
    if (window[name]) return resolve(/** @type {NonNullable<Window[Name]>} */ (window[name]));
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(/** @type {NonNullable<Window[Name]>} */ (window[name]));
    script.onerror = () => reject(new Error(`Could not load ${address}`));
    document.head.appendChild(script);
  });
}

/** @param {EngineName} name */
function chooseEngine(name) {
  engine = null;
  /** @type {HTMLInputElement} */ (
    document.querySelector(`input[value="${name}"]`)
  ).checked = true;
  byId("engine-note").textContent = ENGINE_NOTES[name];
  byId("verdict").textContent = "Loading the model…";

  engines[name] = engines[name] || loadEngine(name);
  /** @type {Promise<void>} */
  const ready = engines[name].then((loaded) => {
    // Another engine may have been chosen meanwhile.
    if (window.ready !== ready) return;
    engine = loaded;
    showPrediction();
  });
  window.ready = ready;
  ready.catch((error) => {
    showProblem(error);
    delete engines[name];
    if (window.ready !== ready) return;
    if (name === "kernel") byId("verdict").textContent = "There is no model to ask.";
    else chooseEngine("kernel");
  });
}

/** @param {Error} error */
function showProblem(error) {
  const problem = byId("problem");
  // One file's absence often breaks several things; the first message tells enough.
  if (!problem.hidden) return;
  problem.textContent = error.message;
  problem.hidden = false;
}

function showPrediction() {
  if (!engine) return;
  const encoded = engine.encode(textField.value);
  const { words, known } = encoded;
  const ranked = encoded.ids.length
    ? rankLabels(engine.labels, engine.toScores(encoded), SHOWN_LABELS)
    : [];

  showReading(words, known, engine.mostWords);
  showScores(ranked);
  byId("verdict").textContent = verdictOn(words, known, ranked, engine.unsureBelow);
}

/**
 * @param {number} words
 * @param {number} known
 * @param {Prediction[]} ranked
 * @param {number} unsureBelow
 */
function verdictOn(words, known, ranked, unsureBelow) {
  if (ranked.length) {
    const { label, score } = ranked[0];
    // Pieces alone are a guess.
    return !known || score < unsureBelow ? `Not sure; perhaps ${label}.` : `Most likely ${label}.`;
  }
  if (words) {
    return isSeen(textField.value)
      ? "The model knows none of these words."
      : "The model has learnt from no text in this script.";
  }
  return "Labels appear here as you type.";
}

/**
 * Tells whether the model knows a word in the script of a text: in the same part of Unicode.
 *
 * @param {string} text
 */
function isSeen(text) {
  return parts(text).some((part) => seen.has(part));
}

/**
 * Gives the parts of Unicode, of 128 characters, in which the letters of a text stand.
 *
 * @param {string} text
 */
const parts = (text) => Array.from(text, (letter) => Number(letter.codePointAt(0)) >> 7);

/**
 * @param {number} words
 * @param {number} known
 * @param {number} most
 */
function showReading(words, known, most) {
  const amount = words === most ? `The first ${most} words are read` : `${words} words read`;
  byId("reading").textContent = words ? `${amount}, ${known} of them known to the model.` : "";
}

/**
 * Shows the ranked labels in the list's own items, so that their bars glide to new widths.
 *
 * @param {Prediction[]} ranked
 */
function showScores(ranked) {
  const list = byId("scores");
  while (list.children.length > ranked.length) {
    list.removeChild(/** @type {Node} */ (list.lastChild));
  }
  while (list.children.length < ranked.length) list.appendChild(createScoreItem());
  ranked.forEach(({ label, score }, index) => {
    const [name, share, track] = /** @type {HTMLCollectionOf<HTMLElement>} */ (
      list.children[index].children
    );
    name.textContent = label;
    name.title = label;
    share.textContent = percent(score);
    /** @type {HTMLElement} */ (track.firstChild).style.width = `${100 * score}%`;
  });
}

function createScoreItem() {
  const track = create("div", "track", [create("div", "bar")]);
  // The share beside it says the same.
  track.setAttribute("aria-hidden", "true");
  return create("li", "", [create("span", "label"), create("span", "share"), track]);
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {Node[]} children
 */
function create(tag, className, children = []) {
  const element = document.createElement(tag);
  element.className = className;
  children.forEach((child) => element.appendChild(child));
  return element;
}

/** @param {About} about */
function showAbout({ corpus, formats, metrics, name, remarks, examples = [] }) {
  const noun = NOUNS[corpus.kind] || "texts";
  const { train, validation, test } = corpus.posts;
  document.title = `${name} – Provender`;
  byId("name").textContent = `Provender / ${name}`;
  byId("corpus").textContent =
    `The model learnt from ${grouped(train + validation)} ${noun}: ${corpus.title}.` +
    (corpus.kind === "docstrings" ? " They stand in for data of your own." : "");
  byId("graph").hidden = !formats.includes("graph");
  byId("metrics-intro").textContent =
    `Measured on ${grouped(test)} ${noun} of the test split, from which it learnt nothing, and on ` +
    `${grouped(validation)} of the validation split, before it learnt from those too.`;

  const splits = [metrics.test, metrics.validation];
  fillTable("overview-head", "th", [["", "test", "validation"]]);
  fillTable("overview", "td", [
    ...METRICS.filter(([metric]) => metrics.test.intervals[metric]).map(([metric, title]) => [
      title,
      ...splits.map((split) => withInterval(split, metric)),
    ]),
    [noun, ...splits.map((split) => grouped(split.posts))],
  ]);
  fillTable("per-label-head", "th", [["Label", "precision", "recall", "F1", noun]]);
  fillTable("per-label", "td", Object.entries(metrics.test.labels).map(([label, scores]) => [
    label,
    ...LABEL_METRICS.map((metric) => hundredths(scores[metric])),
    grouped(scores.posts),
  ]));
  byId("recall-3").hidden = !metrics.test.intervals["recall@3"];
  remarks.forEach((remark) => {
    const item = create("li", "");
    item.textContent = `${remark[0].toUpperCase()}${remark.slice(1)}.`;
    byId("remarks").appendChild(item);
  });
  byId("remarks").hidden = !remarks.length;
  byId("metrics").hidden = false;
  examples.forEach(addExample);
}

/**
 * @param {Metrics} split
 * @param {Metric} metric
 */
function withInterval(split, metric) {
  const [low, high] = /** @type {Interval} */ (split.intervals[metric]);
  return `${percent(split[metric])}\n${hundredths(low)}–${hundredths(high)}`;
}

/**
 * Fills a part of a table with rows of texts; the first of each row heads the row. A second line of
 * a text is set small.
 *
 * @param {string} id
 * @param {"td" | "th"} tag
 * @param {string[][]} rows
 */
function fillTable(id, tag, rows) {
  for (const texts of rows) {
    const cells = texts.map((text, column) => {
      // A header of nothing is none.
      if (column ? tag === "td" : !text) {
        const [first, second] = text.split("\n");
        const cell = create("td", "", [document.createTextNode(first)]);
        if (second) cell.appendChild(create("small", "", [document.createTextNode(second)]));
        return cell;
      }
      const cell = create("th", "");
      cell.scope = tag === "th" ? "col" : "row";
      if (column) cell.textContent = text;
      else appendBreakable(cell, text);
      return cell;
    });
    byId(id).appendChild(create("tr", "", cells));
  }
}

/**
 * Appends a text that may break before each dot, as long labels must on a phone.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
function appendBreakable(element, text) {
  text.split(/(?=\.)/).forEach((part) => {
    element.appendChild(create("wbr", ""));
    element.appendChild(document.createTextNode(part));
  });
}

/** @param {Example} example */
function addExample({ title, text }) {
  const button = create("button", "");
  button.type = "button";
  button.textContent = title;
  button.onclick = () => {
    textField.value = text;
    showPrediction();
  };
  byId("examples").appendChild(button);
  byId("examples").hidden = false;
}

/** @param {Event} event */
function verify(event) {
  event.preventDefault();
  byId("verify-verdict").textContent = "Reading every file…";
  loadScript("verify.js", "ProvenderVerify")
    .then(({ showCheck }) =>
      showCheck(/** @type {HTMLTextAreaElement} */ (byId("verify-key")).value),
    )
    .catch((error) => {
      byId("verify-verdict").textContent = error.message;
    });
}

textField.addEventListener("input", showPrediction);
byId("verify-form").addEventListener("submit", verify);
/** @type {HTMLElement} */ (document.querySelector(".engines")).addEventListener(
  "change",
  (event) => {
    chooseEngine(/** @type {EngineName} */ (/** @type {HTMLInputElement} */ (event.target).value));
  },
);
for (const element of /** @type {NodeListOf<HTMLElement>} */ (
  document.querySelectorAll(".site-only")
)) {
  element.hidden = single;
}
chooseEngine("kernel");
siteJson("about.json").then(showAbout).catch(showProblem);
if (!single) {
  keepOffline((line) => {
    byId("offline").textContent = line;
  });
}
