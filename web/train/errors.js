// What is wrong with an input, as one message that names the mend.

export class UserError extends Error {}

/**
 * Ends the command with a message for its user.
 *
 * @param {string} message
 * @returns {never}
 */
export function isSaid(message) {
  throw new UserError(message);
}
