// Writes the npm package's types. TypeScript makes them from the sources' JSDoc, a file for each
// source; here what a module of the package exports, and all that this names, goes into one file.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

const OPTIONS =
  "--ignoreConfig --declaration --emitDeclarationOnly --allowJs --strict --target es2017 " +
  "--lib es2017,dom --module esnext --moduleResolution bundler --types";

// With the comment before it, unless that is one of other declarations.
const DECLARATION =
  /^(\/\*\*(?:(?!\*\/|@typedef|@import)[^])*\*\/\n)?(?:export )?(?:declare (?:const|function)|type) (\w+)[^]*?;\n(?=export|declare|import|type|\/\*\*|$(?![^]))/gm;
const PASSED = /^export \{ (.*) \} from "(.*)";$/gm;
const DEFAULT = /^export default \w+;$/m;
const ELSEWHERE = /import\("[^"]*"\)\./g;

/**
 * Writes the types of modules, for each of both formats.
 *
 * @param {string[][]} modules each with the source, in the folder src, that has its types
 * @param {string} output
 */
export async function writeTypes(modules, output) {
  const folder = await mkdtemp(join(tmpdir(), "provender-types-"));
  try {
    const sources = join(import.meta.dirname, "src");
    const compiler = join(
      dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc",
    );
    const args = [...OPTIONS.split(" "), "", "--rootDir", sources, "--outDir", folder];
    const globals = join(sources, "package", "globals.d.ts");
    const paths = modules.map(([, entry]) => join(sources, entry));
    await promisify(execFile)(process.execPath, [compiler, ...args, globals, ...paths]).catch(
      (error) => {
        throw new Error(`TypeScript makes no types: ${error.stdout || error.message}`);
      },
    );
    for (const [file, entry] of modules) {
      const text = await rollUp(join(folder, entry.replace(/\.js$/, ".d.ts")));
      const types = basename(file).replace(/\.js$/, ".d.ts");
      await writeFile(join(output, types), text);
      await writeFile(join(output, "esm", types), text);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Gives the types that a source exports, with all that they name, as one text.
 *
 * @param {string} entry
 */
async function rollUp(entry) {
  /** @type {Map<string, string[]>} */
  const known = new Map();
  const waiting = [entry];
  const seen = new Set();
  /** @type {string[]} */
  let names = [];
  let ending = "";
  for (let path = waiting.pop(); path; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const text = await readFile(path, "utf8");
    const own = Array.from(text.matchAll(DECLARATION));
    for (const [whole, , name] of own) {
      known.set(name, (known.get(name) || []).concat(whole.replace(ELSEWHERE, "")));
    }
    if (path === entry) {
      const passed = Array.from(text.matchAll(PASSED)).flatMap(([, list]) => list.split(", "));
      names = own.map(([, , name]) => name).concat(passed);
      ending = (DEFAULT.exec(text) || [""])[0];
    }
    for (const [, from] of text.matchAll(/(?:from |import\()"(\.[^"]*)\.js"/g)) {
      waiting.push(join(dirname(path), `${from}.d.ts`));
    }
  }
  return declare(known, names) + (ending ? `${ending}\n` : names.length ? "" : "export {};\n");
}

/**
 * @param {Map<string, string[]>} known
 * @param {string[]} names
 */
function declare(known, names) {
  const needed = new Set(names);
  for (const name of needed) {
    const words = (known.get(name) || []).join("").replace(/\/\*[^]*?\*\//g, "").match(/\w+/g) || [];
    words.filter((word) => known.has(word)).forEach((word) => needed.add(word));
  }
  return Array.from(needed, (name) => {
    const texts = known.get(name);
    if (!texts) throw new Error(`TypeScript has declared no ${name}`);
    return texts.join("");
  }).join("");
}
