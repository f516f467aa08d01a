// What old browsers cannot run, for tests of scripts.

/** What Safari 10.1 lacks and acorn, which knows syntax only, would let pass. */
export const NEWER_METHODS =
  /\.(normalize|replaceAll|flat|flatMap|fromEntries|at|finally|replaceChildren)\(/;
