// Prints, as JSON, what publint and Are The Types Wrong find in an npm package: node
// web/test/package_problems.js ARCHIVE.tgz

import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const archive = readFileSync(process.argv[2]);
const tarball = new Uint8Array(archive).buffer;
const { messages, pkg = {} } = await publint({ pack: { tarball }, strict: true });
const types = await checkPackage(createPackageFromTarballData(new Uint8Array(archive)));
if (!types.types) throw new Error("the package has no types");
console.log(
  JSON.stringify({
    publint: messages.map((message) => formatMessage(message, pkg)),
    types: types.problems,
    resolutions: Object.fromEntries(
      Object.entries(types.entrypoints).map(([subpath, { resolutions }]) => [
        subpath,
        Object.keys(resolutions).sort(),
      ]),
    ),
  }),
);
