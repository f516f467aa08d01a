// What build.js gives the npm package: what its data.js sets, by which name, in Node as well.

declare const PROVENDER_DATA: string;
declare const global: object;
