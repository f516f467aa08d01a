// Sites for tests: served from a folder, changed, and released with a statement.

import { createHash, sign } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, relative } from "node:path";
import { after, before } from "node:test";
import { createClassifier } from "../../src/classifier.js";
import { launchChromium, listen } from "./chromium.js";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const PAYLOAD_TYPE = "application/vnd.in-toto+json";

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/**
 * Serves the folder `site.folder`, which a test may change, on this machine. Files named in
 * `site.broken` answer with HTTP 500; `site.asked` are the names of files asked for so far.
 * `site.stop()` ends it, open connections too.
 */
export async function serveSite(folder) {
  const site = { folder, broken: [], asked: [] };
  const { server, base } = await listen((request, response) => serveFile(site, request, response));
  site.base = base;
  site.stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return site;
}

/** Gives what a file's tests share once they run, Chromium and a served folder; they end with it. */
export function openSite(folder) {
  const opened = {};
  before(async () => {
    opened.browser = await launchChromium();
    opened.site = await serveSite(folder);
  });
  after(async () => {
    await opened.browser?.close();
    opened.site?.stop();
  });
  return opened;
}

async function serveFile({ folder, broken, asked }, request, response) {
  const name = new URL(request.url, "http://localhost").pathname.slice(1) || "index.html";
  asked.push(name);
  if (broken.includes(name)) {
    response.statusCode = 500;
    response.end();
    return;
  }
  try {
    const body = await readFile(join(folder, name));
    response.setHeader("Content-Type", TYPES[extname(name)] || "application/octet-stream");
    response.end(body);
  } catch (error) {
    response.statusCode = error.code === "ENOENT" ? 404 : 500;
    response.end();
  }
}

/** Copies a site for a test to change. */
export function copySite(t, site) {
  const folder = mkdtempSync(join(tmpdir(), "provender-"));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(site, folder, { recursive: true });
  return folder;
}

export function change(folder, name, replace) {
  const path = join(folder, name);
  const text = readFileSync(path, "utf8");
  const changed = replace(text);
  if (changed === text) throw new Error(`${name} stays as it is`);
  writeFileSync(path, changed);
}

/** Flips the lowest bit of a file's middle byte. */
export function flipBit(folder, name) {
  const path = join(folder, name);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
}

export const readManifest = (folder) =>
  JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));

/** Makes a changed site a version of its own. */
export function rewriteManifest(folder) {
  const manifest = readManifest(folder);
  manifest.files = {};
  for (const name of listFiles(folder)) {
    const bytes = readFileSync(join(folder, name));
    manifest.files[name] = { bytes: bytes.length, sha256: sha256(bytes) };
  }
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
}

const listFiles = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => name !== "manifest.json" && !name.startsWith("provenance."))
    .sort();

/** Gives the statement of a release of the site in `folder`. */
export function makeStatement(folder) {
  const { name, version, inputs } = readManifest(folder);
  const content = Buffer.from(JSON.stringify(makeCanaries(folder))).toString("base64");
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [...listFiles(folder), "manifest.json"].map((path) => ({
      name: `bundle/${path}`,
      digest: { sha256: sha256(readFileSync(join(folder, path))) },
    })),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        externalParameters: { name, version },
        resolvedDependencies: [
          { name: "source", digest: { gitCommit: "c0ffee".padEnd(40, "0") } },
          { name: "data/source/news.sqlite", digest: { sha256: inputs.database } },
          { name: "requirements.lock", digest: { sha256: inputs.requirements } },
          { name: "web/package-lock.json", digest: { sha256: inputs.packages } },
        ],
      },
      runDetails: {
        byproducts: [{ name: "canaries", content, mediaType: "application/json" }],
      },
    },
  };
}

/** Gives texts and their scores by the site's own model. */
export function makeCanaries(folder) {
  const json = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
  const classifier = createClassifier({
    constants: json("constants.json"),
    model: json("tfjs/layers/model.json"),
    weights: readFileSync(join(folder, "tfjs/layers/group1-shard1of1.bin")),
  });
  return ["", "flour and yeast", "😀\0 QUEEN\u2028moon"].map((text) => ({
    text,
    scores: Object.fromEntries(
      classifier.predict(text, Infinity).map(({ label, score }) => [label, score]),
    ),
  }));
}

export function replaceCanaries(statement, canaries) {
  const { byproducts } = statement.predicate.runDetails;
  byproducts[0].content = Buffer.from(JSON.stringify(canaries)).toString("base64");
}

export const toPem = (publicKey) => publicKey.export({ type: "spki", format: "pem" });

export function keyId(publicKey) {
  const { x } = publicKey.export({ format: "jwk" });
  const key = Buffer.from(x, "base64url").toString("hex");
  return sha256(`{"keytype":"ed25519","keyval":{"public":"${key}"},"scheme":"ed25519"}`);
}

/** Lays a statement beside the site and, where keys are given, its envelope. */
export function release(folder, statement, keys) {
  const payload = Buffer.from(`${JSON.stringify(statement, null, 1)}\n`);
  writeFileSync(join(folder, "provenance.intoto.json"), payload);
  if (keys) writeFileSync(join(folder, "provenance.dsse.json"), seal(payload, keys));
}

/** Gives the envelope of a payload, as text. */
export function seal(payload, { publicKey, privateKey }) {
  const start = `DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `;
  const signature = sign(null, Buffer.concat([Buffer.from(start), payload]), privateKey);
  return JSON.stringify({
    payload: payload.toString("base64"),
    payloadType: PAYLOAD_TYPE,
    signatures: [{ keyid: keyId(publicKey), sig: signature.toString("base64") }],
  });
}
