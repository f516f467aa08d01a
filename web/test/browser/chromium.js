import { once } from "node:events";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

/** A name for this machine that, unlike its number, no browser takes for safe. */
export const UNSAFE_HOST = "provender.test";

/** Starts Chromium: Debian's, or the one at the path in CHROMIUM. */
export const launchChromium = () =>
  chromium.launch({
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
  });

/** Serves on a free port of this machine; gives `{server, base}`, the address with a slash. */
export async function listen(handler) {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, base: `http://127.0.0.1:${server.address().port}/` };
}
