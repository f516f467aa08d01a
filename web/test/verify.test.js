// The command verify.js, on a tiny model.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { createEncoder } from "../src/encode.js";
import { createKernel, softmax } from "../src/kernel.js";
import { makeParts, writeParts } from "./fixture.js";
import { makeFolder, run } from "./tools.js";

const temporary = makeFolder(test);
const layers = join(temporary, "tfjs", "layers");
const output = join(temporary, "output");
const parts = makeParts();
writeParts(temporary, parts);

// TensorFlow.js takes either format by the name in model.json, so the layers serve as the graph.
function verify(lines, ...options) {
  writeFileSync(join(temporary, "texts.jsonl"), lines);
  return run(
    "verify.js",
    ...["--constants", join(temporary, "constants.json")],
    ...["--layers", layers],
    ...["--graph", layers],
    ...["--texts", join(temporary, "texts.jsonl")],
    ...["--output", output],
    ...options,
  );
}

const readFloats = (name) => {
  const bytes = readFileSync(join(output, name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

test("each text has its row in each file, whatever it holds", () => {
  const odd = ["cherry\u2028leaf", "", "\0sky\r\n", "leaf \ud800 😀", "no such word"];
  const texts = Array.from({ length: 300 }, (_, i) => odd[i % odd.length]);
  const lines = texts.map((text) => `${JSON.stringify({ text })}\n`).join("");
  const { status, stdout, stderr } = verify(lines.trimEnd());
  assert.deepEqual(
    { status, stdout, stderr },
    { status: 0, stdout: "", stderr: "300 texts scored by layers, graph, kernel\n" },
  );

  const encode = createEncoder(parts.constants);
  const encoded = texts.map((text) => encode(text));
  const ids = Int32Array.from(encoded.flatMap((text) => Array.from(text.ids).sort()));
  assert.deepEqual(readFileSync(join(output, "ids.bin")), Buffer.from(ids.buffer));
  const lengths = Int32Array.from(encoded, (text) => text.ids.length);
  assert.deepEqual(readFileSync(join(output, "lengths.bin")), Buffer.from(lengths.buffer));

  const { logits } = createKernel(parts);
  const expected = Float32Array.from(
    encoded.flatMap((text) => Array.from(softmax(logits(text)))),
  );
  assert.deepEqual(readFloats("kernel.bin"), expected);
  for (const name of ["layers.bin", "graph.bin"]) {
    const actual = readFloats(name);
    assert.equal(actual.length, expected.length);
    actual.forEach((score, i) => assert.ok(Math.abs(score - expected[i]) < 1e-6));
  }
});

test("of many texts, TensorFlow.js scores the first of each so many", () => {
  const texts = Array.from({ length: 131 }, (_, i) => ["cherry", "leaf sky", "sky"][i % 3]);
  const lines = texts.map((text) => `${JSON.stringify({ text })}\n`).join("");
  assert.equal(verify(lines).status, 0);
  const all = readFloats("layers.bin");
  const width = all.length / texts.length;
  assert.equal(verify(lines, "--every", "5").status, 0);
  assert.equal(readFloats("kernel.bin").length, all.length);
  const expected = texts.flatMap((_, i) =>
    i % 5 ? [] : Array.from(all.slice(i * width, (i + 1) * width)),
  );
  for (const name of ["layers.bin", "graph.bin"]) {
    assert.deepEqual(Array.from(readFloats(name)), expected);
  }
});

test("so many that is none is refused", () => {
  for (const every of ["0", "-1", "1.5", "two"]) {
    const { status, stderr } = verify("", `--every=${every}`);
    const said = "verify.js: --every is no whole number from 1 on\n";
    assert.deepEqual({ status, stderr }, { status: 1, stderr: said });
  }
});

test("no texts give empty files", () => {
  assert.equal(verify("").status, 0);
  assert.equal(readFileSync(join(output, "kernel.bin")).length, 0);
});

test("a line that holds no text is named", () => {
  const place = `verify.js: ${join(temporary, "texts.jsonl")}, line 2`;
  for (const line of ['{"text": 7}', "null"]) {
    const { status, stderr } = verify(`{"text": "sky"}\n${line}\n`);
    assert.deepEqual({ status, stderr }, { status: 1, stderr: `${place}: no string named text\n` });
  }
  const { status, stderr } = verify('{"text": "sky"}\n{"text": \n');
  assert.equal(status, 1);
  assert.ok(stderr.startsWith(`${place}: Unexpected end of JSON input`), stderr);
});
