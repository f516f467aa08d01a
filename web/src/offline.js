// Keeps the site for use without a connection, where the browser can, and has new versions shown.

import { scriptAddress } from "./places.js";

const KEPT = "This page also works without a connection.";
const NEWER = "A newer version is ready: it shows when this page is opened again.";

/**
 * Registers the service worker.
 *
 * @param {(line: string) => void} tell shows a line on how that stands
 */
export function keepOffline(tell) {
  const { serviceWorker } = navigator;
  if (!serviceWorker || !/^https?:$/.test(location.protocol)) return;

  // Until then, showing another version takes nothing from the visitor.
  let touched = false;
  for (const type of ["keydown", "pointerdown", "touchstart"]) {
    window.addEventListener(type, () => {
      touched = true;
    });
  }

  serviceWorker.addEventListener("message", ({ data }) => {
    if (data !== "newer") return;
    if (touched) tell(NEWER);
    else location.reload();
  });

  async function register() {
    await serviceWorker.register(scriptAddress("sw.js"));
    const { active } = await serviceWorker.ready;
    tell(KEPT);
    /** @type {ServiceWorker} */ (active).postMessage("look for newer");
  }

  // After the page itself, whose files come first.
  window.addEventListener("load", () => {
    register().catch((error) => tell(`Not kept for use without a connection: ${error.message}`));
  });
}
