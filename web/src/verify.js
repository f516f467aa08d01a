// The page's own check of the site, loaded when it is asked for.

/** @import { Check } from "./check.js" */

import { checkSite, FAILED, OPEN, PASSED } from "./check.js";
import { subtle } from "./digest.js";

const STATES = { [PASSED]: "Passed", [FAILED]: "Failed", [OPEN]: "Open" };

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Reads a file of the site; gives null where there is none.
 *
 * @param {string} name
 */
async function read(name) {
  const response = await fetch(name, { cache: "no-cache" });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Checks the site that the page is of, and shows what was found; gives the same.
 *
 * @param {string} publicKey the signer's key in PEM, or "" where none is known
 */
export async function showCheck(publicKey) {
  const found = await checkSite(read, publicKey);
  byId("verify-verdict").textContent = found.says;
  byId("verify-verdict").dataset.verdict = found.verdict;
  replaceChildren("verify-checks", found.checks.map(createCheck));
  replaceChildren(
    "verify-facts",
    /** @type {Node[]} */ ([]).concat(...found.facts.map(createFact)),
  );
  byId("verify-note").textContent = describeReading();
  return found;
}

function describeReading() {
  const { controller } = navigator.serviceWorker || {};
  const place = controller ? "this browser's copy of the site, which the page runs on" : "the server";
  const digests = subtle() ? "the browser's own cryptography" : "a script, as there is no WebCrypto";
  return `Files were read from ${place}, and digested by ${digests}.`;
}

/** @param {Check} check */
function createCheck({ title, state, says, details }) {
  const mark = create("span", STATES[state]);
  mark.className = `state ${state}`;
  const check = create("li");
  check.appendChild(mark);
  check.appendChild(create("strong", title));
  check.appendChild(create("p", says));
  if (details.length) {
    const listed = create("ul");
    details.forEach((detail) => listed.appendChild(create("li", detail)));
    check.appendChild(listed);
  }
  return check;
}

/** @param {[title: string, value: string]} fact */
const createFact = ([title, value]) => [create("dt", title), create("dd", value)];

/**
 * @param {string} tag
 * @param {string} text
 */
function create(tag, text = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

/**
 * @param {string} id
 * @param {Node[]} children
 */
function replaceChildren(id, children) {
  byId(id).textContent = "";
  children.forEach((child) => byId(id).appendChild(child));
}
