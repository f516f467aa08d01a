// Has TypeScript check user.ts against an npm package, as each kind of module: node
// web/test/package/types.js FOLDER, that of the unpacked package. Prints what it says.

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const source = process.argv[2];
const { name } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
const packages = join(import.meta.dirname, "..", "..", "node_modules");
const text = readFileSync(join(import.meta.dirname, "user.ts"), "utf8").replaceAll("NAME", name);
// Its model is a default export, which TypeScript's CommonJS takes from a required module as well.
const FILES = { "user.mts": text, "user.cts": text };

const WAYS = {
  "in Node": ["nodenext", "--module", "nodenext", "--lib", "es2023,dom", "--types", "node"],
  "in a bundler": ["bundler", "--module", "esnext", "--lib", "es2017,dom,es2018.asynciterable", "--types", ""],
  "without a browser's types": ["nodenext", "--module", "nodenext", "--lib", "es2023", "--types", "node"],
};

// What stands for a Worker where there are no types of one.
const BARE =
  "{ postMessage(_: any): void; terminate(): void; onmessage: any; onerror: any }";

const folder = mkdtempSync(join(tmpdir(), "provender-user-"));
try {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@types"), { recursive: true });
  cpSync(source, join(modules, name), { recursive: true });
  for (const types of ["@types/node", "undici-types"]) symlinkSync(join(packages, types), join(modules, types));
  for (const [file, content] of Object.entries(FILES)) writeFileSync(join(folder, file), content);
  const said = Object.entries(WAYS).map(([way, [resolution, ...options]]) => {
    // Without these types a user has no Worker to give.
    const files = Object.keys(FILES).map((file) => {
      if (way !== "without a browser's types") return file;
      const bare = `bare.${file.slice(-3)}`;
      writeFileSync(join(folder, bare), FILES[file].replace("worker: Worker", `worker: ${BARE}`));
      return bare;
    });
    const tsc = join(packages, "typescript", "bin", "tsc");
    const args = ["--ignoreConfig", "--strict", "--noEmit", "--target", "es2022", "--moduleResolution", resolution];
    const done = spawnSync(process.execPath, [tsc, ...args, ...options, ...files], {
      cwd: folder, encoding: "utf8",
    });
    return [way, done.stdout + done.stderr];
  });
  console.log(JSON.stringify(Object.fromEntries(said)));
} finally {
  rmSync(folder, { recursive: true });
}
