// Does in Chromium what in_node.mjs does in Node: node in_chromium.mjs FOLDER OUTPUT

import { createReadStream, createWriteStream } from "node:fs";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { launchChromium, listen } from "../../web/test/browser/chromium.js";

const ROOT = join(import.meta.dirname, "..", "..");

const [folder, output] = process.argv.slice(2);

// Scripts come from the project, all else from the folder; what is put goes to the output.
const { server, base } = await listen(async (request, response) => {
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
const browser = await launchChromium();
try {
  const page = await browser.newPage();
  await page.goto(base);
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
