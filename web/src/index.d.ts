export interface Prediction {
  label: string;
  /** The label's probability, 0 to 1. */
  score: number;
}

export interface Classifier {
  /** All labels, in the model's order. */
  labels: string[];
  /** Best labels with a lower score are guesses: on new texts, too few of them were right. */
  unsureBelow: number;
  /**
   * The `count` (5 unless told; clamped to 1 … all) most likely labels, best first.
   * Throws a TypeError if `text` is not a string.
   */
  predict(text: string, count?: number): Prediction[];
}

/** The labels of the model in this package, in its order. */
export const labels: Classifier["labels"];

/** Below this score, the model in this package is not sure. */
export const unsureBelow: Classifier["unsureBelow"];

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
