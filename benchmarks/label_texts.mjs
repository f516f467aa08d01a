// Labels texts with an installed npm package of the classifier: node label_texts.mjs FOLDER
// reads a JSON list of texts from standard input and writes the list of their best labels, null for
// a text of which it knows no word.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { predict } = await import(pathToFileURL(join(resolve(process.argv[2]), "index.mjs")));
const texts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map((text) => predict(text, 1)[0]?.label ?? null)));
