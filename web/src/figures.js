// How good the model is, in figures, for those who open them.

import * as words from "words";
import { byId, create, fillTable, on } from "./dom.js";
import { siteJson } from "./site.js";
import { fill, number } from "./words.js";

/**
 * A parsed about.json.
 *
 * @typedef {object} About
 * @property {{ kind: string, title: string, posts: Record<Split, number> }} corpus
 * @property {("layers" | "graph")[]} formats of TensorFlow.js in which the model is there
 * @property {Record<"validation" | "test", Metrics>} metrics
 * @property {string[]} remarks what is to be known of these figures
 * @property {Confusion} confusion
 */

/** @typedef {"train" | "validation" | "test"} Split */

/**
 * Mistakes on the test split: the most frequent as [right label, answer, count], and counts by
 * right label and answer where the labels are few.
 *
 * @typedef {{ pairs: [string, string, number][], counts?: number[][] }} Confusion
 */

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

/** @type {[Metric, title: string][]} */
const METRICS = [
  ["recall@1", "recall@1"],
  ["recall@3", "recall@3"],
  ["recall@5", "recall@5"],
  ["macro_f1", "macro F1"],
];
/** @type {LabelMetric[]} */
const LABEL_METRICS = ["precision", "recall@1", "f1"];

/** @type {{ [kind: string]: string | undefined }} */
const NOUNS = { newsgroups: words.posts, docstrings: words.docstrings };

/** @param {number} share */
const hundredths = (share) => number(100 * share, 1);

/**
 * Shows figures and mistakes once they are asked for.
 *
 * @param {() => Promise<string[]>} labels the model's, once it is loaded
 * @param {(error: Error) => void} fail
 */
export function showFiguresOnDemand(labels, fail) {
  /**
   * @param {string} id
   * @param {(about: About) => void | Promise<void>} show
   */
  const once = (id, show) => {
    let isShown = false;
    on(id, "toggle", () => {
      if (isShown) return;
      isShown = true;
      siteJson("about.json").then(show).catch(fail);
    });
  };
  once("figures", showFigures);
  once("mistakes", async ({ confusion }) => showMistakes(confusion, await labels()));
}

/** @param {About} about */
function showFigures({ corpus, metrics }) {
  const splits = [metrics.test, metrics.validation];
  const noun = NOUNS[corpus.kind] || words.texts;
  fillTable("overview-head", "th", [["", words.test, words.validation]]);
  fillTable("overview", "td", [
    ...METRICS.filter(([metric]) => metrics.test.intervals[metric]).map(([metric, title]) => [
      title,
      ...splits.map((split) => withInterval(split, metric)),
    ]),
    [noun, ...splits.map((split) => number(split.posts))],
  ]);
  fillTable("per-label-head", "th", [[words.label, words.precision, words.recall, "F1", noun]]);
  fillTable(
    "per-label",
    "td",
    Object.entries(metrics.test.labels).map(([label, scores]) => [
      label,
      ...LABEL_METRICS.map((metric) => hundredths(scores[metric])),
      number(scores.posts),
    ]),
  );
}

/**
 * @param {Metrics} split
 * @param {Metric} metric
 */
function withInterval(split, metric) {
  const [low, high] = /** @type {Interval} */ (split.intervals[metric]);
  return `${hundredths(split[metric])} %\n${hundredths(low)}–${hundredths(high)}`;
}

/**
 * @param {Confusion} confusion
 * @param {string[]} labels
 */
function showMistakes({ pairs, counts }, labels) {
  const list = byId("pairs");
  const lines = pairs.map(([label, other, count]) => fill(words.pair, { label, other, count }));
  for (const line of lines.length ? lines : [words.no_mistakes]) {
    const item = create("li", "", [line]);
    item.dir = "auto";
    list.appendChild(item);
  }
  if (!counts) return;
  fillTable("matrix-head", "th", [["", ...labels.map((_, place) => `${place + 1}`)]]);
  fillTable(
    "matrix",
    "td",
    counts.map((row, place) => [
      `${place + 1} ${labels[place]}`,
      ...row.map((count) => (count ? number(count) : "·")),
    ]),
  );
  Array.from(byId("matrix").children).forEach((row, place) => {
    row.children[place + 1].className = "right";
  });
}
