// What tests of several kinds need: folders, commands that run, and servers.

/**
 * @import { RequestListener } from "node:http"
 * @import { AddressInfo } from "node:net"
 */

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * What ends with one test or, where it is node:test itself, with all tests of a file.
 *
 * @typedef {{ after(clean: () => void): void }} Scope
 */

/**
 * Makes an empty folder, which is gone at the end of `t`.
 *
 * @param {Scope} t
 */
export function makeFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), "provender-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/**
 * Runs a command of the folder web/ to its end; gives `{status, stdout, stderr}`.
 *
 * @param {string} script
 * @param {string[]} args
 */
export const run = (script, ...args) =>
  spawnSync(process.execPath, [join(import.meta.dirname, "..", script), ...args], {
    encoding: "utf8",
  });

/**
 * Serves on a free port of this machine; gives `{server, base}`, the address with a slash.
 *
 * @param {RequestListener} handler
 */
export async function listen(handler) {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, base: `http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}/` };
}
