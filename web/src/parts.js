// Where the parts are that not every page needs: beside this script. The modules of the npm package
// have src/package/parts.js in place of this.

import { ownFolder, loadScript, startWorker } from "./places.js";

/** @type {{ updates: () => Promise<any>, worker: (base: string) => Worker }} */
export const parts = {
  updates: () => loadScript(`${ownFolder}update.js`, "ProvenderUpdate"),
  worker: (base) => startWorker(`${ownFolder || `${base}/`}worker.js`),
};
