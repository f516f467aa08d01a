// Reads the texts of a folder as read_texts.js says: node in_node.mjs FOLDER OUTPUT

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toBuffer } from "../../web/src/model.js";
import { readTexts } from "./read_texts.js";

const [folder, output] = process.argv.slice(2);
await readTexts(
  async (name) => toBuffer(await readFile(join(folder, name))),
  (name, bytes) => writeFile(join(output, name), bytes),
);
