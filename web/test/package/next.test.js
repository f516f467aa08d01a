// The npm package in an empty project of Next.js: asked by the server, by the page, in a worker.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import test from "node:test";
import { openBrowser } from "../browser/site.js";
import {
  ANSWER, NAME, TEXT, askAddress, makeProject, rounded, runBundler, sizeOf,
} from "./project.js";

const { BUNDLERS = "" } = process.env;
const NEXT = "next/dist/bin/next";

// What Next.js and React take themselves.
const FRAMEWORK = 500_000;

const opened = openBrowser();

const show = (made) => `"use client";
import { useEffect } from "react";
${made}
export default function Asks() {
  useEffect(() => {
    answer().then((found) => { document.body.dataset.answer = JSON.stringify(found); });
  }, []);
  return null;
}
`;

const FILES = {
  "next.config.mjs": `
    export default { turbopack: { root: ${JSON.stringify(BUNDLERS)} }, devIndicators: false };
  `,
  "app/icon.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
  "app/layout.js": `
    export default function Layout({ children }) {
      return <html lang="en"><body>{children}</body></html>;
    }
  `,
  "app/page.js": `
    import { classify } from "${NAME}";
    import Asks from "./asks.js";
    export const dynamic = "force-dynamic";
    export default function Page() {
      return <><p id="server">{JSON.stringify(classify(${JSON.stringify(TEXT)}))}</p><Asks /></>;
    }
  `,
  "app/asks.js": show(`
    import { classify } from "${NAME}";
    const answer = async () => classify(${JSON.stringify(TEXT)});
  `),
  "app/worker/page.js": `
    import Asks from "./asks.js";
    export default function Page() {
      return <Asks />;
    }
  `,
  "app/worker/asks.js": show(`
    import { create } from "${NAME}";
    import model from "${NAME}/model";
    const answer = async () =>
      (await create({ model, worker: true })).classify(${JSON.stringify(TEXT)});
  `),
};

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

for (const bundler of ["--turbopack", "--webpack"]) {
  test(`Next.js, built with ${bundler}`, async (t) => {
    const folder = makeProject(t, FILES);
    runBundler(folder, NEXT, "build", bundler);
    const port = await freePort();
    const server = spawn(
      process.execPath,
      [join(BUNDLERS, "node_modules", NEXT), "start", "--hostname", "127.0.0.1", "--port", `${port}`],
      { cwd: folder, env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" } },
    );
    t.after(() => server.kill());
    let said = "";
    await new Promise((resolve, reject) => {
      for (const stream of [server.stdout, server.stderr]) {
        stream.on("data", (data) => {
          said += data;
          if (said.includes("Ready in")) resolve(undefined);
        });
      }
      server.on("exit", () => reject(new Error(said)));
    });
    const address = `http://127.0.0.1:${port}/`;
    const most = FRAMEWORK + sizeOf("classifier.js");
    const { page, scripts } = await askAddress(t, opened.browser, address);
    assert.deepEqual(rounded(JSON.parse(`${await page.textContent("#server")}`)), ANSWER);
    assert.ok(scripts <= most, `${scripts} bytes, and not ${most}`);
    const inWorker = await askAddress(t, opened.browser, `${address}worker`);
    assert.ok(inWorker.scripts <= most + 2 * sizeOf("esm/kernel.js"), `${inWorker.scripts} bytes`);
    assert.doesNotMatch(said, /error/i);
  });
}
