import { parseArgs } from "node:util";

/**
 * Reads a command's options. Prints `usage` and ends the process on --help (exit code 0) and on
 * options that are wrong or lacking (exit code 2).
 *
 * @param options {Object} as for node:util's parseArgs; each must be given unless `optional`
 */
export function readOptions(usage, options) {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: "boolean" } } });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    for (const [name, { optional }] of Object.entries(options)) {
      if (!optional && !values[name]) throw new Error(`Option '--${name}' is missing`);
    }
    return values;
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}
