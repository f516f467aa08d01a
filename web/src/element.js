// <text-classifier src="folder/of/a/bundle/"></text-classifier>: a field and its best labels, for
// any page. `count` is how many labels it shows (3), `lang` that of the texts.

/** @import { LocalClassifier } from "./create.js" */

import * as words from "words";
import { percent, readingOf, showSentence, verdictOn } from "./answer.js";
import { createHere } from "./create.js";
import { create } from "./dom.js";

const STYLE = `
:host { display: block; font: inherit; color: inherit; }
[hidden] { display: none; }
textarea { display: block; box-sizing: border-box; width: 100%; min-height: 6em; padding: .5em;
  border: 1px solid GrayText; border-color: color-mix(in srgb, currentColor 50%, transparent);
  border-radius: .4em; background: transparent; color: inherit; font: inherit; resize: vertical; }
p { margin: .5em 0; min-height: 1.5em; overflow-wrap: anywhere; word-break: break-word; }
ol { margin: 0; padding: 0; list-style: none; }
li { display: flex; justify-content: space-between; }
li span:first-child { min-width: 0; margin-inline-end: 1em; overflow-wrap: anywhere; }
li span:last-child { flex: none; font-variant-numeric: tabular-nums; }
.quiet { font-size: .875em; opacity: .8; }
`;

const COUNT = 3;

class TextClassifier extends HTMLElement {
  constructor() {
    super();
    /** @type {LocalClassifier | null} */
    this.classifier = null;
    /** Fulfilled once the model is loaded. @type {Promise<void>} */
    this.ready = Promise.resolve();
    this.field = create("textarea");
    this.field.dir = "auto";
    this.field.rows = 4;
    this.field.setAttribute("aria-label", words.field);
    this.field.placeholder = words.field;
    this.verdict = create("p");
    this.verdict.setAttribute("role", "status");
    this.scores = create("ol");
    this.scores.setAttribute("aria-label", words.scores);
    this.reading = create("p", "quiet");
    const root = this.attachShadow({ mode: "open" });
    for (const part of [this.field, this.verdict, this.scores, this.reading]) {
      part.lang = part === this.field ? "" : words.code;
      root.appendChild(part);
    }
    style(root);
    this.field.addEventListener("input", () => this.show());
  }

  static get observedAttributes() {
    return ["src", "count"];
  }

  attributeChangedCallback(/** @type {string} */ name) {
    if (name === "src") this.load();
    else this.show();
  }

  /** The text, which can be set. */
  get value() {
    return this.field.value;
  }

  set value(text) {
    this.field.value = text;
    this.show();
  }

  load() {
    const base = new URL(this.getAttribute("src") || ".", document.baseURI).href;
    this.verdict.textContent = words.loading;
    const ready = createHere({ base }).then((classifier) => {
      // Another address may have been set meanwhile.
      if (this.ready !== ready) return;
      this.classifier = classifier;
      this.show();
    });
    this.ready = ready;
    ready.catch((error) => {
      if (this.ready === ready) this.verdict.textContent = error.message;
    });
  }

  show() {
    if (!this.classifier) return;
    const topK = Number(this.getAttribute("count")) || COUNT;
    const found = this.classifier.classify(this.field.value, { topK });
    const [best] = found.labels;
    showSentence(this.verdict, verdictOn(found, () => true), best ? best.label : "");
    this.reading.textContent = readingOf(found);
    this.scores.textContent = "";
    for (const { label, score } of found.labels) {
      const name = create("span", "", [label]);
      name.dir = "auto";
      this.scores.appendChild(create("li", "", [name, create("span", "", [percent(score)])]));
    }
    this.dispatchEvent(new CustomEvent("answer", { detail: found }));
  }
}

/** @param {ShadowRoot} root */
function style(root) {
  // Where a page's policy forbids style elements, this is allowed.
  if ("adoptedStyleSheets" in root && "replaceSync" in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  } else {
    root.insertBefore(create("style", "", [STYLE]), root.firstChild);
  }
}

if (!customElements.get("text-classifier")) customElements.define("text-classifier", TextClassifier);
