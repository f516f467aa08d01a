// Where the parts are that not every page needs: beside this script. The modules of the npm package
// have src/package/parts.js in place of this.

import { problem } from "./errors.js";
import { loadScript, ownFolder, scope } from "./places.js";

/** @import { More } from "./more.js" */

/**
 * @type {{ updates: () => Promise<any>, more: (base: string) => Promise<More>,
 *   worker?: (base: string) => Worker }} with `worker`, if it is elsewhere than remote.js has it
 */
export const parts = {
  async updates() {
    if (!scope.indexedDB) {
      throw problem("option", "Updates are kept in a browser: there is no IndexedDB here");
    }
    return loadScript(`${ownFolder}update.js`, "ProvenderUpdate");
  },
  more: (base) => loadScript(`${ownFolder || `${base}/`}more.js`, "ProvenderMore"),
};
