// What build.js gives the scripts of the npm package.

/** Under which name its one script leaves what it has. */
declare const PROVENDER_PACKAGE: string;
/** The format of what is built. */
declare const PROVENDER_FORMAT: "esm" | "cjs" | "iife";
declare const global: object;

declare module "provender:model" {
  /** What is told before the model is made. */
  export const facts: { labels: string[]; unsureBelow: number; version: string; digest: string };
  /**
   * The files of a bundle: as JSON, of which the words stand apart, with another character for the
   * ends of lines; and the weights.
   */
  export const packed: {
    constants: string;
    words: import("../vocabulary.js").Vocabulary;
    end: string;
    model: string;
    about: string;
    manifest: string;
    weights: import("./bytes.js").PackedBytes;
  };
}
