// The demo page: a text, its best labels and the words that speak for them; and what the model was
// made of. What never changes is in the page already (src/provender/bundle/page.py).

/**
 * @import { Found } from "./check.js"
 * @import { LocalClassifier, Runtime } from "./create.js"
 * @import { Classification, Explanation } from "./predict.js"
 * @import { Named } from "./update.js"
 */

import * as words from "words";
import { percent, readingOf, showSentence, UNLIKELY, verdictOn } from "./answer.js";
import { describeProblem } from "./describe.js";
import { byId, create, on, setBreakable } from "./dom.js";
import { showFiguresOnDemand } from "./figures.js";
import { keepOffline } from "./offline.js";
import { loadScript } from "./places.js";
import { createClassifier, single } from "./site.js";
import { linesOf, takeTables } from "./table.js";
import { namesOf, showTints } from "./tint.js";
import { fill, number } from "./words.js";

const SHOWN_LABELS = 5;

// Engines are compared by so many runs at most, within so long.
const RUNS = 50;
const RUN_MILLISECONDS = 300;

// What a clock of browsers tells apart.
const LEAST_MILLISECONDS = 0.1;

// So much of a key's id tells it apart.
const KEY_DIGITS = 12;

/**
 * What the fold says after a check that confirms nothing.
 *
 * @type {{ [verdict: string]: string | undefined }}
 */
const STATUS = { "no release": words.not_a_release, refuted: words.not_as_published };

// What keeps a model from loading, as describe.js names it.
const PROBLEMS = {
  site_updating: words.site_updating,
  site_away: words.site_away,
  site_broken: words.site_broken,
};

const FRAGMENT = "#text=";

// Longer texts do not outlive a reload: to keep them would slow down each key.
const LONGEST_KEPT = 1e6;

const textField = /** @type {HTMLTextAreaElement} */ (byId("text"));
const mirror = byId("mirror");

/** The parts of Unicode that the vocabulary's words are from. */
const seen = new Set(`${textField.dataset.seen}`.split(" ").map(Number));

/** @type {{ [Name in Runtime]?: Promise<LocalClassifier> }} */
const engines = {};

/**
 * The classifier of the chosen engine, once it is loaded.
 *
 * @type {LocalClassifier | null}
 */
let classifier = null;

/** The label whose words are shown, if one was chosen. @type {string | null} */
let chosen = null;
let showsAll = false;
/** @type {Classification | null} */
let found = null;
let frame = 0;

window.predict = (text, count) => {
  if (!classifier) throw new Error("The model is not loaded yet: await ready first");
  return classifier.predict(text, count || SHOWN_LABELS);
};

/** @param {Runtime} name */
function chooseEngine(name) {
  classifier = null;
  const choice = document.querySelector(`input[value="${name}"]`);
  if (choice) /** @type {HTMLInputElement} */ (choice).checked = true;
  byId("verdict").textContent = words.loading;

  const loading = createEngine(name);
  /** @type {Promise<void>} */
  const ready = loading.then((loaded) => {
    // Another engine may have been chosen meanwhile.
    if (window.ready !== ready) return;
    classifier = loaded;
    showAnswer();
  });
  window.ready = ready;
  ready.catch((error) => {
    // Without the kernel there is nothing to see, so the cause is looked for.
    if (single || name !== "kernel") showProblem(error);
    else explainProblem(error).catch(showProblem);
    delete engines[name];
    if (window.ready !== ready) return;
    if (name === "kernel") byId("verdict").textContent = words.no_model;
    else chooseEngine("kernel");
  });
}

/**
 * Says why the model did not load, to a visitor first, and offers to try again.
 *
 * @param {Error} error
 */
async function explainProblem(error) {
  const { title, cause, retry } = await describeProblem(error);
  showProblem(new Error(PROBLEMS[title]));
  const problem = byId("problem");
  problem.appendChild(create("p", "quiet")).textContent = cause;
  if (!retry) return;
  const again = problem.appendChild(create("button", "action"));
  again.type = "button";
  again.textContent = words.try_again;
  again.onclick = () => location.reload();
}

/** @param {Error} error */
function showProblem(error) {
  const problem = byId("problem");
  // One file's absence often breaks several things; the first message tells enough.
  if (!problem.hidden) return;
  problem.textContent = error.message;
  problem.hidden = false;
}

function showAnswer() {
  if (!classifier) return;
  const text = textField.value;
  const before = performance.now();
  found = classifier.classify(text, { topK: showsAll ? Infinity : SHOWN_LABELS });
  const took = performance.now() - before;

  const { labels } = found;
  const [best] = labels;
  if (!labels.some(({ label }) => label === chosen)) chosen = null;
  showSentence(byId("verdict"), verdictOn(found, isSeen), best ? best.label : "");
  byId("verdict").dataset.sure = `${Boolean(best && found.sure)}`;
  byId("reading").textContent = readingOf(found);
  byId("took").textContent = found.words ? timeOf(took) : "";
  byId("known-labels").hidden = labels.length > 0;
  byId("ranked").hidden = !labels.length;
  showScores(found);
  offerTools(text);
  // Once for all that is typed before the browser shows it.
  if (!frame) frame = requestAnimationFrame(explain);
}

/** @param {number} took */
const timeOf = (took) =>
  took < LEAST_MILLISECONDS
    ? fill(words.took_less, { ms: number(LEAST_MILLISECONDS, 1) })
    : fill(words.took, { ms: number(took, 1) });

/**
 * Tells whether the model knows a word in the script of the text: in the same part of Unicode.
 */
const isSeen = () =>
  Array.from(textField.value, (letter) => Number(letter.codePointAt(0)) >> 7).some((part) =>
    seen.has(part),
  );

/** Shows which words speak for the best label, or for the one that was chosen. */
function explain() {
  frame = 0;
  if (!classifier || !found) return;
  const { labels, read, words: count } = found;
  const text = textField.value;
  const label = chosen || (labels.length ? labels[0].label : undefined);
  const explanation = count ? classifier.explain(text, { label }) : null;
  showTints(mirror, text, explanation, read < count);
  mirror.scrollTop = textField.scrollTop;
  byId("why").textContent = explanation && label ? reasonsOf(explanation, label) : "";
}

/**
 * @param {Explanation} explanation
 * @param {string} label
 */
function reasonsOf(explanation, label) {
  const { speakFor, against, byVector } = namesOf(explanation);
  const isByVector = (/** @type {string} */ name) => byVector.indexOf(name) >= 0;
  // Each for itself, whichever way it is written.
  const apart = (/** @type {string} */ name) => `\u2068${name}\u2069`;
  const marked = (/** @type {string} */ name) => apart(name) + (isByVector(name) ? "*" : "");
  const list = (/** @type {string[]} */ names) => names.map(marked).join(", ");
  const sentences = [];
  if (speakFor.length) sentences.push(fill(words.for_label, { label: apart(label), words: list(speakFor) }));
  if (against.length) sentences.push(fill(words.against, { words: list(against) }));
  if (speakFor.concat(against).some(isByVector)) sentences.push(words.by_vector);
  return sentences.join(" ");
}

/**
 * Shows the ranked labels in the list's own items, so that their bars glide to new widths.
 *
 * @param {Classification} answer
 */
function showScores({ labels }) {
  const list = byId("scores");
  while (list.children.length > labels.length) {
    list.removeChild(/** @type {Node} */ (list.lastChild));
  }
  while (list.children.length < labels.length) list.appendChild(createScoreItem());
  let shown = 0;
  labels.forEach(({ label, score }, index) => {
    const item = /** @type {HTMLElement} */ (list.children[index]);
    const [button, track] = /** @type {HTMLCollectionOf<HTMLElement>} */ (item.children);
    const [name, share] = /** @type {HTMLCollectionOf<HTMLElement>} */ (button.children);
    item.hidden = !showsAll && index > 0 && score < UNLIKELY;
    if (!item.hidden) shown++;
    if (name.textContent !== label) setBreakable(name, label);
    share.textContent = percent(score);
    button.setAttribute("aria-pressed", `${label === (chosen || labels[0].label)}`);
    /** @type {HTMLElement} */ (track.firstChild).style.width = `${100 * score}%`;
  });
  const rest = classifier ? classifier.labels.length - shown : 0;
  byId("more").textContent = showsAll ? words.fewer : fill(words.and_more, { count: rest });
  byId("more").hidden = !labels.length || (!showsAll && !rest);
}

function createScoreItem() {
  const track = create("div", "track", [create("div", "bar")]);
  // The share beside it says the same.
  track.setAttribute("aria-hidden", "true");
  const name = create("span", "label");
  name.dir = "auto";
  const button = create("button", "", [name, create("span", "share")]);
  button.type = "button";
  button.title = words.show_words;
  button.onclick = () => {
    chosen = name.textContent;
    showAnswer();
  };
  return create("li", "", [button, track]);
}

/** @param {string} text */
function offerTools(text) {
  for (const id of ["clear", "copy", "link"]) {
    const button = /** @type {HTMLButtonElement | null} */ (byId(id));
    if (button) button.disabled = !text;
  }
  const lines = linesOf(text);
  const each = /** @type {HTMLButtonElement} */ (byId("each"));
  each.disabled = lines < 2;
  each.textContent = fill(words.each_line, { count: Math.max(lines, 2) });
}

/** @param {string} text */
function setText(text) {
  textField.value = text;
  textField.scrollTop = 0;
  chosen = null;
  changed();
}

function changed() {
  remember(textField.value);
  showAnswer();
}

/** What was typed here, for a page that is loaded again. */
const storageKey = `provender text ${location.pathname}`;

/** @param {string} text */
function remember(text) {
  const kept = text.length > LONGEST_KEPT ? "" : text;
  withStorage((storage) => storage.setItem(storageKey, kept));
}

/**
 * @template Value
 * @param {(storage: Storage) => Value} use
 * @returns {Value | null}
 */
function withStorage(use) {
  try {
    return use(sessionStorage);
  } catch (error) {
    // A browser that keeps nothing of a page, or no more, says so in this way.
    if (!(error instanceof DOMException)) throw error;
    return null;
  }
}

function textOfAddress() {
  if (location.hash.slice(0, FRAGMENT.length) !== FRAGMENT) return null;
  try {
    return decodeURIComponent(location.hash.slice(FRAGMENT.length));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return location.hash.slice(FRAGMENT.length);
  }
}

/**
 * @param {string} id of the button that was pressed
 * @param {string} text
 */
function copy(id, text) {
  const area = create("textarea", "unseen");
  area.value = text;
  document.body.appendChild(area);
  area.select();
  // Where the newer way is forbidden, as on addresses that are not safe, this one is not.
  document.execCommand("copy");
  document.body.removeChild(area);
  const button = byId(id);
  button.focus();
  const label = `${button.textContent}`;
  if (label === words.copied) return;
  button.style.minWidth = `${button.offsetWidth}px`;
  button.textContent = words.copied;
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}

function answerAsText() {
  const { labels } = /** @type {Classification} */ (found);
  const lines = labels
    .filter(({ score }, index) => !index || score >= UNLIKELY)
    .map(({ label, score }) => `${label}\t${percent(score)}`);
  return [`${byId("verdict").textContent}`, ...lines].join("\n");
}

async function measure() {
  const result = byId("measured");
  result.textContent = words.measuring;
  const example = document.querySelector("#examples button");
  const text =
    textField.value ||
    (example && example.textContent) ||
    /** @type {LocalClassifier} */ (await createEngine("kernel")).labels.join(" ");
  const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll("input[name=engine]")
  );
  let runs = 0;
  let count = 0;
  for (const { value } of Array.from(inputs)) {
    const engine = await createEngine(/** @type {Runtime} */ (value));
    count = engine.classify(text).words;
    const times = timesOf(() => engine.classify(text));
    runs = times.length;
    byId(`ms-${value}`).textContent = number(times[times.length >> 1], 2);
  }
  result.textContent = fill(words.measured_with, { count: runs, words: count });
}

/** @param {Runtime} name */
function createEngine(name) {
  engines[name] = engines[name] || createClassifier(name);
  return /** @type {Promise<LocalClassifier>} */ (engines[name]);
}

/**
 * Gives how long runs take in milliseconds, the shortest first.
 *
 * @param {() => void} run
 */
function timesOf(run) {
  // Clocks of browsers are coarse: each time is that of several runs.
  const before = performance.now();
  run();
  const batch = Math.max(1, Math.ceil(5 / Math.max(performance.now() - before, 0.05)));
  const times = [];
  const end = performance.now() + RUN_MILLISECONDS;
  while (times.length < RUNS && (times.length < 3 || performance.now() < end)) {
    const start = performance.now();
    for (let i = 0; i < batch; i++) run();
    times.push((performance.now() - start) / batch);
  }
  return times.sort((a, b) => a - b);
}

/** @param {Event} event */
function verify(event) {
  event.preventDefault();
  byId("verify-verdict").textContent = words.verify_reading;
  loadScript("verify.js", "ProvenderVerify")
    .then(({ showCheck }) =>
      showCheck(/** @type {HTMLTextAreaElement} */ (byId("verify-key")).value),
    )
    .then((/** @type {Found} */ { verdict, facts }) => {
      const [, key = ""] = facts.find(([title]) => title === "Signed with key") || [];
      const name = key.slice(0, KEY_DIGITS);
      byId("published").textContent =
        verdict === "confirmed"
          ? fill(words.as_published, { name })
          : STATUS[verdict] || words.unchecked;
    })
    .catch((error) => {
      byId("verify-verdict").textContent = error.message;
    });
}

/**
 * Says in the fold whether what is kept of the page has a release's statement.
 *
 * @param {Named} page
 */
function showStatus({ name, version, stated }) {
  byId("published").textContent = stated
    ? fill(words.says_published, { name, version })
    : words.not_a_release;
}

textField.addEventListener("input", changed);
textField.addEventListener("scroll", () => {
  mirror.scrollTop = textField.scrollTop;
});
on("examples", "click", ({ target }) => {
  const { text } = /** @type {HTMLElement} */ (target).dataset;
  if (text !== undefined) setText(text);
});
on("more", "click", () => {
  showsAll = !showsAll;
  showAnswer();
});
on("clear", "click", () => {
  setText("");
  textField.focus();
});
on("copy", "click", () => copy("copy", answerAsText()));
on("link", "click", () => {
  const [address] = location.href.split("#");
  copy("link", `${address}${FRAGMENT}${encodeURIComponent(textField.value)}`);
});
on("verify-form", "submit", verify);
on("measure", "click", () => {
  measure().catch(showProblem);
});
on("how", "change", ({ target }) => {
  chooseEngine(/** @type {Runtime} */ (/** @type {HTMLInputElement} */ (target).value));
});
const tables = takeTables(() => classifier, showProblem);
on("each", "click", () => tables.openText(textField.value));
window.addEventListener("hashchange", () => {
  const text = textOfAddress();
  if (text !== null) setText(text);
});

const given = textOfAddress();
const kept = given === null ? withStorage((storage) => storage.getItem(storageKey)) : given;
if (kept) textField.value = kept;
chooseEngine("kernel");
showFiguresOnDemand(async () => (await createEngine("kernel")).labels, showProblem);
if (!single) {
  keepOffline(
    { line: byId("offline"), notice: byId("notice") },
    window.ready,
    () => loadScript("update.js", "ProvenderUpdate"),
    showStatus,
  );
}
