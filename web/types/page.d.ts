// The globals of the page, which its scripts share with each other and with the tests.

import type * as classifier from "../src/classifier.js";
import type { Classifier } from "../src/assemble.js";
import type * as update from "../src/update.js";
import type * as verify from "../src/verify.js";
import type { TensorFlow } from "./tensorflow.js";

declare global {
  interface Window {
    /** Fulfilled once the chosen engine is loaded. */
    ready: Promise<void>;
    predict: Classifier["predict"];
    /** Set by classifier.js. */
    Provender: typeof classifier;
    /** Set by demo.single.html: parsed JSON, or bytes in base64, by a file's name. */
    ProvenderFiles?: { [name: string]: any };
    /** Set by update.js. */
    ProvenderUpdate?: typeof update;
    /** Set by verify.js. */
    ProvenderVerify?: typeof verify;
    /** Set by tf.min.js, which also reads the next. */
    tf?: TensorFlow;
    regeneratorRuntime?: undefined;
  }
}
