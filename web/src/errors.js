// Errors that a program can tell apart: each has a `code`, and a message for people.

/**
 * What an option may be: its test, what is expected, as far as it is known here, and the error of
 * what fails it.
 *
 * @typedef {[passes: (value: any) => boolean, expected?: string, Type?: ErrorConstructor]} Rule
 */

/**
 * @param {string} code
 * @param {string} message
 * @param {ErrorConstructor} [Type]
 */
export const problem = (code, message, Type = Error) => Object.assign(new Type(message), { code });

/**
 * Refuses options that there are not, or that are not what they must be.
 *
 * @param {object | undefined} options
 * @param {{ [name: string]: Rule }} rules
 * @throws {TypeError | RangeError} of the code "option", naming it
 */
export function checkOptions(options, rules) {
  if (options !== undefined && Object(options) !== options) {
    throw problem("option", `Options must be an object, not ${show(options)}`, TypeError);
  }
  for (const [name, value] of Object.entries(Object(options))) {
    if (!rules[name]) {
      const known = Object.keys(rules).join(", ");
      throw problem("option", `There is no option ${name}; there are ${known}`, TypeError);
    }
    const [passes, expected = "another value", Type = TypeError] = rules[name];
    if (value !== undefined && !passes(value)) {
      throw problem("option", `${name} must be ${expected}, not ${show(value)}`, Type);
    }
  }
}

/** @param {any} value */
export const isSignal = (value) => typeof value === "object" && "aborted" in value;

/** @param {unknown} value */
export const isFunction = (value) => typeof value === "function";

/** @param {unknown} value */
export const show = (value) =>
  Object(value) === value ? typeof value : typeof value === "string" ? `"${value}"` : String(value);

/**
 * Ends what was given up.
 *
 * @param {AbortSignal | undefined} signal
 */
export function throwIfAborted(signal) {
  if (!signal || !signal.aborted) return;
  throw Object.assign(problem("aborted", "This was given up"), { name: "AbortError" });
}
