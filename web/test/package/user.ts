// What a user of the npm package writes, which TypeScript must accept, or refuse where it says so.
// NAME stands for the package's name; tests/scripts/test_pack_npm.py has it checked.

import {
  classify,
  classifyBatch,
  create,
  createClassifier,
  digest,
  explain,
  info,
  labels,
  load,
  predict,
  unsureBelow,
  version,
} from "NAME";
import type { Classification, LocalClassifier, PackedModel, RemoteClassifier, Update } from "NAME";
import { create as createByKernel, load as loadByKernel } from "NAME/core";
import model from "NAME/model";

/** An error unless both types are the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
const same = <A, B>(_: Same<A, B>) => {};

same<typeof labels, string[]>(true);
same<[typeof unsureBelow, typeof version, typeof digest], [number, string, string]>(true);

const found = classify("text", { topK: 3, minScore: 0.1, signal: new AbortController().signal });
same<typeof found, Classification>(true);
const { label, score }: { label: string; score: number } = found.labels[0];
const { known, words, read }: { known: number; words: number; read: number } = found;
same<[typeof found.sure, typeof found.other], [boolean, number | null]>(true);
same<ReturnType<typeof predict>, { label: string; score: number }[]>(true);
const batch: Promise<Classification[]> = classifyBatch(new Set(["a"]), {
  topK: 1,
  onProgress: (done) => done.toFixed(),
});
const { logit, features } = explain("text", { label: "a" });
same<(typeof features)[0]["kind"], "word" | "pair" | "piece">(true);
same<ReturnType<typeof info>["license"], string | null>(true);

async function all(worker: Worker, either: boolean) {
  const here = await create({ base: ".", runtime: "layers", trust: ["key"], fetch });
  same<typeof here, LocalClassifier>(true);
  same<ReturnType<typeof here.classify>, Classification>(true);
  same<Awaited<ReturnType<typeof create>>, LocalClassifier | RemoteClassifier>(true);
  const plain: LocalClassifier = await create();
  const packed: PackedModel = model;
  const there = await create({ model: packed, worker: true, onProgress: ({ file }) => file.trim() });
  same<typeof there, RemoteClassifier>(true);
  same<ReturnType<typeof there.classify>, Promise<Classification>>(true);
  same<ReturnType<typeof there.predict>, Promise<{ label: string; score: number }[]>>(true);
  const own: RemoteClassifier = await create({ base: new URL("https://a"), worker });
  const unknown = await createByKernel({ worker: either });
  const answer: Classification = await unknown.classify("text", { topK: 2 });
  const update: Update = await here.checkForUpdate();
  const { state }: { state: "current" | "updated" | "refused" | "unreachable" } = update;
  await own.rollback();
  here.dispose();
  const made = createClassifier({ constants: model.constants, model: model.model, weights: new Uint8Array(8) });
  const loaded: typeof made = await loadByKernel("bundle");
  return [plain, answer, state, loaded, load];
}

async function wrong() {
  // @ts-expect-error there is no such option
  await create({ wroker: true });
  // @ts-expect-error there is no such engine
  await create({ runtime: "wasm" });
  // @ts-expect-error an address, not a number
  await create({ base: 1 });
  // @ts-expect-error true, false or a Worker
  await create({ worker: "yes" });
  // @ts-expect-error a signal, not its controller
  await create({ signal: new AbortController() });
  // @ts-expect-error a text, not a number
  classify(1);
  // @ts-expect-error there is no such option
  classify("text", { topk: 3 });
  // @ts-expect-error a number, not a text
  classify("text", { topK: "3" });
  // @ts-expect-error a list of texts
  await classifyBatch(1);
  // @ts-expect-error in a worker, answers are promised
  (await create({ worker: true })).classify("text").labels;
}

export { all, batch, known, label, logit, read, score, words, wrong };
