export interface Prediction {
  label: string;
  /** The label's probability, 0 to 1. */
  score: number;
}

export interface Classification {
  /** The most likely labels, best first; none if the model knows no word of the text. */
  labels: Prediction[];
  /** How many of the words read the model knows. If none, the answer is "unknown". */
  known: number;
  /** How many words of the text were read. */
  words: number;
  /** Whether the best label is more than a guess: there is one, of a score from `unsureBelow` on. */
  sure: boolean;
}

export interface Classifier {
  /** All labels, in the model's order. */
  labels: string[];
  /** Best labels with a lower score are guesses: on new texts, too few of them were right. */
  unsureBelow: number;
  /**
   * The `topK` (5 unless told) most likely labels, and how much of the text they stand on.
   * Throws a TypeError if `text` is not a string, and a RangeError if `topK` is no whole number
   * from 1 on; more than there are gives all.
   */
  classify(text: string, options?: { topK?: number }): Classification;
  /** The labels of `classify`: none if the model knows no word of the text. Throws the same. */
  predict(text: string, count?: number): Prediction[];
}

/** The labels of the model in this package, in its order. */
export const labels: Classifier["labels"];

/** Below this score, the model in this package is not sure. */
export const unsureBelow: Classifier["unsureBelow"];

/** Classifies with the model in this package. */
export const classify: Classifier["classify"];

/** Predicts with the model in this package. */
export const predict: Classifier["predict"];

export interface Parts {
  /** The parsed constants.json of a bundle. */
  constants: object;
  /** The parsed tfjs/layers/model.json of a bundle. */
  model: object;
  /** The bytes of the weight files that model.json names, joined in its order. */
  weights: ArrayBuffer | ArrayBufferView;
}

/** Makes a classifier; throws an Error if the model is not one that it can run. */
export function createClassifier(parts: Parts): Classifier;

/** Fetches the files of the bundle in the folder at `base` ("." unless told). */
export function load(base?: string): Promise<Classifier>;
