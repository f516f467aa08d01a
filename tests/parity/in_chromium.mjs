// Does in Chromium what in_node.mjs does in Node: node in_chromium.mjs FOLDER OUTPUT

import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";

const ROOT = join(import.meta.dirname, "..", "..");
const { chromium } = createRequire(join(ROOT, "web", "package.json"))("playwright-core");

const [folder, output] = process.argv.slice(2);

// Scripts come from the project, all else from the folder; what is put goes to the output.
const server = createServer(async (request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  const isScript = extname(path) === ".js";
  response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
  if (request.method === "PUT") {
    await pipeline(request, createWriteStream(join(output, path)));
    response.end();
  } else if (path === "/") {
    response.end('<link rel="icon" href="data:,">');
  } else {
    await pipeline(createReadStream(join(isScript ? ROOT : folder, path)), response);
  }
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(async () => {
    const { readTexts } = await import("/tests/parity/read_texts.js");
    await readTexts(
      async (name) => (await fetch(name)).arrayBuffer(),
      (name, body) => fetch(name, { method: "PUT", body }),
    );
  });
} finally {
  await browser.close();
  server.close();
}
