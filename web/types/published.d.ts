// The npm package must be what its hand-written types say; otherwise a line here is an error.

import type * as written from "../src/index.js";
import type * as made from "../src/package.js";

type Parts = Parameters<typeof made.createClassifier>[0];

/** An error unless what is made may stand for what is promised. */
type Fits<Promised, Made extends Promised> = Made;

export type Checked = [
  Fits<Omit<typeof written, "createClassifier">, typeof made>,
  Fits<keyof typeof written, keyof typeof made>,
  // Parsed files are promised to be taken as plain objects, of which the package knows more.
  Fits<written.Parts, Parts>,
  Fits<keyof written.Parts, keyof Parts>,
  Fits<Parts["weights"], written.Parts["weights"]>,
  Fits<written.Classifier, ReturnType<typeof made.createClassifier>>,
];
