// What is wrong with an input, or a disk, as one message that names the mend.

class UserError extends Error {}

/**
 * Ends the command with a message for its user.
 *
 * @param {string} message
 * @returns {never}
 */
export function isSaid(message) {
  throw new UserError(message);
}

/**
 * Does a command's work. What its user can mend ends it with a message and an exit code; any other
 * error is a defect, and passes through.
 *
 * @param {number} code
 * @param {() => void | Promise<void>} work
 */
export async function endOnErrors(code, work) {
  try {
    await work();
  } catch (error) {
    // Of the file system: its message has the path and why.
    const isOfDisk = error instanceof Error && "syscall" in error;
    if (!(error instanceof UserError) && !isOfDisk) throw error;
    console.error(`error: ${/** @type {Error} */ (error).message}`);
    process.exitCode = code;
  }
}
