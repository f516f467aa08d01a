// fastText's own classifier, trained on the same posts, by fasttext.wasm.

import { FastText } from "fasttext.wasm";

// As peers.py takes words and marks labels.
const WORD = /[\p{L}\p{N}_]{2,}/gu;
const MARK = "__label__";

export async function open() {
  const [peer, model] = await Promise.all([
    FastText.create({ corePath: "/peers/fasttext.wasm/dist/core/fasttext.mjs" }),
    fetch("/made/fasttext.ftz").then((response) => response.arrayBuffer()),
  ]);
  peer.loadModel(new Uint8Array(model));
  function answer(text) {
    const words = (text.toLowerCase().match(WORD) || []).join(" ");
    const [[best]] = peer.predict(`${words}\n`);
    return best.slice(MARK.length);
  }
  return { answer, batch: (texts) => texts.map(answer) };
}
