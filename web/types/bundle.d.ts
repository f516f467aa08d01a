// What build.js lets "bundle" stand for, in the npm package.

declare module "bundle/constants.json" {
  const constants: import("../src/encode.js").Constants;
  export default constants;
}

declare module "bundle/tfjs/layers/model.json" {
  const model: import("../src/model.js").Model;
  export default model;
}

declare module "bundle/*.bin" {
  const bytes: Uint8Array;
  export default bytes;
}
