// Keeps the site for use without a connection, looks for newer versions, and says which one runs.
// Where there is no service worker, it keeps the model alone.

/**
 * @import { Found, Named, Report, Updater } from "./update.js"
 */

import * as words from "words";
import { scriptAddress } from "./places.js";
import { fill, reasonOf } from "./words.js";

const HOUR_MILLISECONDS = 3600000;

// By then a worker has said why it could not be installed.
const REASON_MILLISECONDS = 1000;

/**
 * What the page shows of it.
 *
 * @typedef {object} Shown
 * @property {HTMLElement} line gets a line on how it stands
 * @property {HTMLElement} notice a live region, gets what the visitor may want to do
 */

/**
 * Keeps the site, and goes on looking for newer versions of it.
 *
 * @param {Shown} shown
 * @param {Promise<unknown>} ready fulfilled once the page has started
 * @param {() => Promise<{ createUpdater(): Updater }>} loadUpdate loads update.js
 * @param {(page: Named) => void} onKept is told of the version that is kept of the page
 */
export function keepOffline({ line, notice }, ready, loadUpdate, onKept) {
  if (!/^https?:$/.test(location.protocol)) return;
  const touched = watchTouch();
  let isFirst = true;

  /** @param {string} text */
  const tell = (text) => {
    line.textContent = text;
  };

  /**
   * @param {Partial<Report>} report
   * @param {string} kept
   */
  function show({ found, page, runs, before }, kept) {
    const named = page || runs;
    if (named) {
      tell(`${kept} ${describe(named)}`);
      onKept(named);
    }
    if (named && before) {
      line.appendChild(document.createTextNode(" "));
      line.appendChild(createButton(fill(words.go_back, before), goBack));
    }
    const isOther = page && runs && page.digest !== runs.digest;
    if (isOther && isFirst && !touched()) location.reload();
    else if (isOther) offer(fill(words.version_ready, runs), words.show_it, () => location.reload());
    else if (found && found.state === "refused") refuse(found);
    if (found) isFirst = false;
  }

  /** @param {Found} found */
  function refuse(found) {
    const { code, version, runs } = found;
    const reason = reasonOf(found);
    if (!runs) {
      tell(fill(words.not_kept, { reason }));
      return;
    }
    const isNamed = version && version !== runs.version;
    const refused = isNamed ? words.version_not_taken : words.site_not_taken;
    const said = fill(refused, { version: `${version}`, reason });
    const text = `${said} ${fill(words.goes_on, runs)}`;
    if (code === "bad") offer(text, words.try_again, () => look(true));
    else offer(text);
  }

  /**
   * Shows a notice, with a button that does what it offers.
   *
   * @param {string} text
   * @param {string} [title]
   * @param {() => void} [act]
   */
  function offer(text, title, act) {
    // Once is enough: it is read out each time.
    if (notice.firstChild && notice.firstChild.textContent === text) return;
    notice.textContent = "";
    notice.appendChild(document.createElement("span")).textContent = text;
    if (!title || !act) return;
    notice.appendChild(document.createTextNode(" "));
    notice.appendChild(createButton(title, act));
  }

  const keeper = navigator.serviceWorker
    ? keepSite(navigator.serviceWorker, ready, (report) => show(report, words.kept))
    : keepModel(loadUpdate, (report) => show(report, words.model_kept));

  /** @param {boolean} again */
  function look(again) {
    keeper
      .look(again)
      .catch((error) => tell(fill(words.not_kept, { reason: error.message })));
  }

  function goBack() {
    keeper.goBack().catch((error) => tell(error.message));
  }

  const lookOnce = () => look(false);
  // After the page itself, whose files come first.
  window.addEventListener("load", lookOnce);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") lookOnce();
  });
  setInterval(lookOnce, HOUR_MILLISECONDS);
}

/** Gives whether the visitor has done something, of which another version could take away. */
function watchTouch() {
  let touched = false;
  for (const type of ["keydown", "pointerdown", "touchstart"]) {
    window.addEventListener(type, () => {
      touched = true;
    });
  }
  return () => touched;
}

/** @param {Named} version */
function describe({ version, kept }) {
  const date = new Date(Number(kept)).toLocaleDateString(words.code, {
    day: "numeric",
    month: "long",
    year: "numeric",
  });
  return fill(words.version_kept, { version, date });
}

/**
 * @param {string} title
 * @param {() => void} act
 */
function createButton(title, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = title;
  button.onclick = act;
  return button;
}

/**
 * Keeps the whole site, by the service worker.
 *
 * @param {ServiceWorkerContainer} serviceWorker
 * @param {Promise<unknown>} ready
 * @param {(report: Report) => void} show
 */
function keepSite(serviceWorker, ready, show) {
  /** Why the worker could not be installed. @type {string | null} */
  let reason = null;

  serviceWorker.addEventListener("message", ({ data, ports }) => {
    if (data && data.type === "not kept") {
      reason = reasonOf(data);
      ports.forEach((port) => port.postMessage("heard"));
    }
    if (data && data.type === "newer") ask({ type: "status" }).then(show, () => {});
  });
  ready.then(
    () => ask({ type: "started" }),
    () => {},
  );

  /**
   * Asks the worker, where there is one.
   *
   * @param {{ type: string, again?: boolean }} message
   * @returns {Promise<Report>}
   */
  async function ask(message) {
    const { active } = await serviceWorker.ready;
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      /** @type {ServiceWorker} */ (active).postMessage(message, [port2]);
    });
  }

  /**
   * Waits for a worker; rejects where the first of all could not be installed, of which the
   * browser tells nobody else.
   *
   * @param {ServiceWorkerRegistration} registration
   * @returns {Promise<void>}
   */
  const whenActive = ({ active, installing, waiting }) =>
    new Promise((resolve, reject) => {
      const worker = installing || waiting;
      if (active || !worker) return resolve();
      worker.addEventListener("statechange", () => {
        if (worker.state === "activated") resolve();
        if (worker.state !== "redundant") return;
        const end = () => reject(new Error(reason || "its service worker could not be installed."));
        if (reason) end();
        else setTimeout(end, REASON_MILLISECONDS);
      });
    });

  return {
    /** @param {boolean} again */
    async look(again) {
      await whenActive(await serviceWorker.register(scriptAddress("sw.js")));
      show(await ask({ type: "status" }));
      show(await ask({ type: "look", again }));
    },
    async goBack() {
      await ask({ type: "back" });
      location.reload();
    },
  };
}

/**
 * Keeps the model, where there is no service worker.
 *
 * @param {() => Promise<{ createUpdater(): Updater }>} loadUpdate
 * @param {(report: Partial<Report>) => void} show
 */
function keepModel(loadUpdate, show) {
  /** @type {Promise<Updater> | null} */
  let loading = null;
  /** The version of the page. @type {Named | null} */
  let page = null;

  async function load() {
    const updater = (await loadUpdate()).createUpdater();
    page = await updater.running();
    return updater;
  }

  function getUpdater() {
    loading = loading || load();
    return loading;
  }

  return {
    /** @param {boolean} again */
    async look(again) {
      const found = await (await getUpdater()).check({ again });
      page = page || found.runs;
      show({ found, page, runs: found.runs });
    },
    async goBack() {
      await (await getUpdater()).rollback();
      location.reload();
    },
  };
}
