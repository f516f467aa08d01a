// Chromium for tests.

import { chromium } from "playwright-core";

export { listen } from "../tools.js";

/** A name for this machine that, unlike its number, no browser takes for safe. */
export const UNSAFE_HOST = "provender.test";

const OPTIONS = {
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    `--host-resolver-rules=MAP ${UNSAFE_HOST} 127.0.0.1`,
  ],
};

/** Starts Chromium: Debian's, or the one at the path in CHROMIUM. */
export const launchChromium = () => chromium.launch(OPTIONS);

/**
 * Starts Chromium with what it has kept in a folder.
 *
 * @param {string} folder
 */
export const launchWith = (folder) => chromium.launchPersistentContext(folder, OPTIONS);
