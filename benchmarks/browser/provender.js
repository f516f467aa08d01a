// The bundle's classifier, as a page has it that loads classifier.js.

/* global Provender */

export async function open() {
  const classifier = await Provender.create({ base: "/bundle" });
  const answer = (text) => classifier.classify(text).labels.map(({ label }) => label)[0];
  return { answer, batch: (texts) => texts.map(answer) };
}
