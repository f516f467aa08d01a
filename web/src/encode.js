// Texts as the model reads them: the ids of their words, pairs and pieces, and what each weighs.
// src/provender/text/grams.py says how those are named.

/**
 * @import { Recipe } from "./text.js"
 * @import { Vocabulary } from "./vocabulary.js"
 */

import { compileText } from "./text.js";
import { END, sharedBy } from "./vocabulary.js";

// Numbers come first: before all else, what they stand for is put in their places.
// The edition of constants.json that this code reads.
const FORMAT = 6;

// Longer words are read in pieces up to here.
const MOST_CHARACTERS = 40;

// Characters of ASCII.
const ASCII = 128;

// Steps that a table takes at once: of pieces, of which a word has many; and of a word, which is
// looked up once, so that a larger table would not make up for the time that it takes to fill.
const MOST_SKIPPED = 3;
const WORD_SKIPPED = 2;

// Logarithms may differ in their last bit between languages; as whole ten-thousandths they don't.
const LOG_SCALE = 10000;

// So many more features of each kind does a text have that nobody knows.
const UNKNOWN = 8;

// So many pieces of runs count as one word.
const RUN_PIECES = 5;

// What makes a node of a trie; its id comes first.
const UNIT = 1;
const FIRST = 2;
const NEXT = 3;
const SIZE = 4;

// Where words begin, and what is nowhere, of which nothing comes.
const ROOT = -1;
const NOWHERE = 0;

// What is before each word, and behind it.
const SPACE = 32;

// Ids below stand for nothing.
export const FIRST_WORD = 2;

/**
 * A parsed constants.json: what the browser needs besides the model itself.
 *
 * @typedef {object} Constants
 * @property {number} format the edition of the file
 * @property {string} name
 * @property {string[]} labels in the model's order
 * @property {Vocabulary} words
 * @property {number} max_words how many words of a text the model reads
 * @property {Recipe} text
 * @property {number} unsure_below below this score, the best label is a guess
 * @property {number[]} [other] by what a text is likely none of the labels: a constant, and what
 *   counts the best logit's lead over the mean of the others, the share of known words, and the
 *   logarithm of how many words were read
 * @property {string} [digest] sha256 of what binds the files to each other (seal.js)
 */

/**
 * A text: the ids of its known words, pairs and pieces, each once, and their pooling weights; how
 * many words it has, how many of those were read, and how many of these are known as a whole.
 *
 * @typedef {{ ids: Int32Array, weights: Float32Array, known: number, read: number,
 *   words: number }} Encoded
 */

/** @typedef {"word" | "pair" | "piece"} Kind */

/**
 * What was read of a text: its words and runs in their order, and from where to where they stand
 * in the text, or -1 where the recipe has changed them; and what was found in which of them, in a
 * run from one of its UTF-16 units up to another.
 *
 * @typedef {object} Traced
 * @property {{ text: string, isRun: boolean, start: number, end: number }[]} units
 * @property {{ id: number, kind: Kind, unit: number, from?: number, to?: number }[]} found
 */

/**
 * Reads a text; where there is `into`, notes in addition what was found where.
 *
 * @typedef {(text: string, into?: Traced) => Encoded} Encode
 */

// The logarithm of what occurs so often, once it was asked for.
const LOUD = [0];

/**
 * @param {Constants} constants
 * @returns {Encode}
 * @throws {Error} if the constants are of another format
 */
export function createEncoder(constants) {
  if (constants.format !== FORMAT) {
    throw new Error(
      `constants.json has format ${constants.format}; this code reads format ${FORMAT}`,
    );
  }
  const { split, isRun, isMark } = compileText(constants.text);
  const { sizes, words: wordSizes, pairs } = constants.text.grams;
  const [child, walk, idAt, table, places, letters] = makeTrie(constants.words);
  // Pieces of words have a space before them, and so does what follows in a pair.
  const pieceStart = child(ROOT, SPACE);
  const counts = new Int32Array(constants.words.shared.length + FIRST_WORD);
  // Of words in ASCII, where the first steps of a piece lead from pieceStart, and those of a word
  // from the root: by one look instead of some. Characters count as their places in the alphabet;
  // what is in no word, as 0.
  const skipped = pieceStart && Math.min(wordSizes[0] || 0, MOST_SKIPPED);
  const leads = table(pieceStart, skipped);
  const wordLeads = table(ROOT, WORD_SKIPPED);
  // A word between its spaces, and its characters' places.
  const codes = new Uint8Array(MOST_CHARACTERS + 2).fill(SPACE);
  const spots = new Uint8Array(MOST_CHARACTERS + 2).fill(places[SPACE]);

  /** @type {Traced | undefined} */
  let trace;

  /**
   * @param {number[]} found
   * @param {number} id
   * @param {Kind} kind
   * @param {number} [from]
   * @param {number} [to]
   */
  function count(found, id, kind, from, to) {
    if (!counts[id]++) found.push(id);
    if (trace) trace.found.push({ id, kind, unit: trace.units.length - 1, from, to });
  }

  /**
   * Gives where the characters of a string begin, a mark being one with what it stands on, and
   * where the last one ends.
   *
   * @param {string} text
   * @param {number} before how many of its first characters stand for themselves
   */
  function boundsOf(text, before) {
    const bounds = [0];
    for (const point of text) {
      const end = bounds[bounds.length - 1] + point.length;
      if (bounds.length > before + 1 && point > "\x7f" && isMark(point)) bounds[bounds.length - 1] = end;
      else bounds.push(end);
    }
    return bounds;
  }

  /**
   * Counts the pieces of a text that begin at each of its characters; gives how many characters
   * are known by themselves.
   *
   * @param {number[]} found
   * @param {string} text
   * @param {number[]} bounds
   * @param {number} root where pieces begin in the trie
   * @param {number[]} lengths
   * @param {number} most longer ones are no pieces
   */
  function countPieces(found, text, bounds, root, lengths, most) {
    const last = bounds.length - 1;
    let known = 0;
    for (let start = 0; start < last; start++) {
      let node = root;
      let end = start;
      for (let i = 0; i < lengths.length; i++) {
        const stop = start + lengths[i];
        if (stop > last || lengths[i] > most) break;
        node = walk(node, text, bounds[end], bounds[stop]);
        if (!node) break;
        end = stop;
        const id = idAt(node);
        if (id) {
          const isKnown = lengths[i] === 1;
          count(found, id, isKnown ? "word" : "piece", bounds[start], bounds[stop]);
          if (isKnown) known++;
        }
      }
    }
    return known;
  }

  /**
   * Notes a word of ASCII alone, between its spaces; gives how many characters these are, or 0.
   *
   * @param {string} word
   */
  function notePlain(word) {
    let last = 1;
    for (let i = 0; i < word.length; i++) {
      const code = word.charCodeAt(i);
      if (code >= ASCII) return 0;
      if (last <= MOST_CHARACTERS) {
        codes[last] = code;
        spots[last++] = places[code];
      }
    }
    codes[last] = SPACE;
    spots[last++] = places[SPACE];
    return last;
  }

  /**
   * Gives where so many steps lead from a place in the word that is noted.
   *
   * @param {Int32Array} leads
   * @param {number} start
   * @param {number} steps
   */
  function look(leads, start, steps) {
    let lead = 0;
    for (let i = 0; i < steps; i++) lead = lead * letters + spots[start + i];
    return leads[lead];
  }

  /**
   * Gives the node that a word leads to.
   *
   * @param {string} word
   * @param {number} plain what notePlain gives for it
   */
  function find(word, plain) {
    return plain > WORD_SKIPPED + 1
      ? walk(look(wordLeads, 1, WORD_SKIPPED), word, WORD_SKIPPED, word.length)
      : walk(ROOT, word, 0, word.length);
  }

  /**
   * Counts the pieces of a word that is noted, as countPieces would.
   *
   * @param {number[]} found
   * @param {number} last
   */
  function countPlain(found, last) {
    for (let start = 0; start + skipped <= last; start++) {
      let end = start + skipped;
      let node = look(leads, start, skipped);
      for (let i = 0; i < wordSizes.length && node; i++) {
        const stop = start + wordSizes[i];
        // What is the whole word is no piece.
        if (stop > last || wordSizes[i] === last) break;
        while (end < stop && node) node = child(node, codes[end++]);
        const id = idAt(node);
        if (id) count(found, id, "piece");
      }
    }
  }

  /** @type {Encode} */
  function read(text, into) {
    trace = into;
    /** @type {number[]} */
    const whole = [];
    /** @type {number[]} */
    const ofRuns = [];
    /** @type {number[]} */
    const pieces = [];
    let room = constants.max_words;
    let known = 0;
    // Where the word before ends in the trie.
    let before = NOWHERE;
    let words = 0;
    for (const unit of split(text)) {
      const points = isRun(unit) ? Array.from(unit) : null;
      words += points ? points.length : 1;
      if (room <= 0) continue;
      const own = points ? points.slice(0, room).join("") : unit;
      if (trace) trace.units.push({ text: own, isRun: !!points, start: -1, end: -1 });
      if (points) {
        before = NOWHERE;
        room -= Math.min(room, points.length);
        const bounds = boundsOf(own, 0);
        const length = bounds.length - 1;
        known += countPieces(ofRuns, own, bounds, ROOT, length < sizes[0] ? [length] : sizes, length);
        continue;
      }
      room--;
      const plain = notePlain(unit);
      const node = find(unit, plain);
      const id = idAt(node);
      if (id) {
        known++;
        count(whole, id, "word");
      }
      if (pairs) {
        const pair = idAt(walk(child(before, SPACE), unit, 0, unit.length));
        if (pair) count(whole, pair, "pair");
        before = node;
      }
      if (!skipped) continue;
      if (plain) countPlain(pieces, plain);
      else {
        let word = ` ${unit} `;
        let bounds = boundsOf(word, 1);
        if (bounds.length > MOST_CHARACTERS + 3) {
          word = `${word.slice(0, bounds[MOST_CHARACTERS + 1])} `;
          bounds = boundsOf(word, 1);
        }
        // What is the whole word is no piece.
        countPieces(pieces, word, bounds, pieceStart, wordSizes, bounds.length - 2);
      }
    }
    const encoded = weigh([whole, ofRuns, pieces], counts);
    for (const id of encoded.ids) counts[id] = 0;
    if (trace) locate(text, trace.units, split);
    return Object.assign(encoded, { known, words, read: constants.max_words - room });
  }

  return read;
}

/**
 * Finds where words stand in their text, part by part between its spaces.
 *
 * @param {string} text
 * @param {Traced["units"]} units
 * @param {(text: string) => string[]} split
 */
function locate(text, units, split) {
  let place = 0;
  const parts = /\S+/g;
  for (let part = parts.exec(text); part && place < units.length; part = parts.exec(text)) {
    const [whole] = part;
    const own = split(whole);
    const lower = whole.toLowerCase();
    let from = 0;
    own.forEach((word) => {
      const unit = units[place++];
      // A rule that reaches beyond a space has changed what follows.
      if (!unit || !word.startsWith(unit.text)) return;
      const found = Math.max(
        lower.length === whole.length ? lower.indexOf(unit.text, from) : -1,
        whole.indexOf(unit.text, from),
      );
      from = found < 0 ? 0 : found + unit.text.length;
      if (found < 0 && own.length > 1) return;
      unit.start = part.index + Math.max(found, 0);
      unit.end = part.index + (found < 0 ? whole.length : from);
    });
  }
}

/**
 * Makes a trie of words: each word's units lead from its root to the node that has its id.
 *
 * @param {Vocabulary} vocabulary
 * @throws {Error} if it was cut short
 */
function makeTrie({ shared, rests }) {
  // As many nodes at most as units, and NOWHERE. Each is in one place, with all that is asked of it
  // at once: its id, its unit, the first of the nodes that it leads to, and the next one in the list
  // of those that it is among itself. What a node is called is where it begins.
  const nodes = new Int32Array(SIZE * (rests.length + 1));
  // The root leads to more nodes than all others.
  const roots = new Int32Array(0x10000);

  /**
   * Gives the node that a unit leads to.
   *
   * @param {number} node
   * @param {number} unit
   */
  function child(node, unit) {
    if (node < 0) return roots[unit];
    let found = nodes[node + FIRST];
    while (found && nodes[found + UNIT] !== unit) found = nodes[found + NEXT];
    return found;
  }

  /**
   * Gives the node that a part of a string leads to.
   *
   * @param {number} node
   * @param {string} text
   * @param {number} start
   * @param {number} end
   */
  function walk(node, text, start, end) {
    for (let i = start; i < end && node; i++) node = child(node, text.charCodeAt(i));
    return node;
  }

  /**
   * Puts a node at the end of the list of those that another leads to.
   *
   * @param {number} node
   * @param {number} last the list's last, or 0
   * @param {number} to
   */
  function append(node, last, to) {
    let place = last ? last + NEXT : node + FIRST;
    while (nodes[place]) place = nodes[place] + NEXT;
    nodes[place] = to;
  }

  // Characters of ASCII, numbered as they come.
  const places = new Uint8Array(ASCII);
  let letters = 1;
  // Straight from the front coding, which says how far a word goes with the one before.
  const path = [ROOT];
  let end = SIZE;
  let word = 0;
  let depth = 0;
  // How many units the word before has.
  let before = 0;
  for (let i = 0; i <= rests.length; i++) {
    const unit = i < rests.length ? rests.charCodeAt(i) : END;
    const node = path[depth];
    if (unit !== END) {
      // Where words are in their order, the list ends with the word before, if that goes on here.
      const last = before > depth ? path[depth + 1] : 0;
      let to = last && nodes[last + UNIT] < unit && !nodes[last + NEXT] ? 0 : child(node, unit);
      if (!to) {
        to = end;
        end += SIZE;
        nodes[to + UNIT] = unit;
        if (unit < ASCII && !places[unit]) places[unit] = letters++;
        if (node < 0) roots[unit] = to;
        else append(node, last, to);
      }
      path[++depth] = to;
      before = 0;
      continue;
    }
    nodes[node] = FIRST_WORD + word++;
    before = depth;
    depth = sharedBy(shared.charCodeAt(word));
  }
  if (word !== shared.length) {
    throw new Error(`constants.json holds ${word} words, not ${shared.length}: load it again`);
  }

  /**
   * Gives where so many steps of ASCII lead from a node, by the places of its characters as digits
   * of a number to the base `letters`.
   *
   * @param {number} from
   * @param {number} steps
   */
  function table(from, steps) {
    const leads = new Int32Array(Math.pow(letters, steps));
    /**
     * @param {number} node
     * @param {number} left
     * @param {number} lead
     */
    function fill(node, left, lead) {
      if (!left) {
        leads[lead] = node;
        return;
      }
      for (let unit = 0; node < 0 && unit < ASCII; unit++) {
        if (roots[unit]) fill(roots[unit], left - 1, lead * letters + places[unit]);
      }
      for (let to = nodes[node + FIRST]; to; to = nodes[to + NEXT]) {
        const unit = nodes[to + UNIT];
        if (unit < ASCII) fill(to, left - 1, lead * letters + places[unit]);
      }
    }
    fill(from, steps, 0);
    return leads;
  }

  const idAt = (/** @type {number} */ node) => nodes[node];
  return /** @type {const} */ ([child, walk, idAt, table, places, letters]);
}

/** @param {number} times */
const loudnessOf = (times) =>
  LOUD[times] || (LOUD[times] = Math.round((1 + Math.log(times)) * LOG_SCALE));

/**
 * Weighs what a text has, as pooling_weights in src/provender/text/encode.py says.
 *
 * @param {number[][]} kinds the ids of words and pairs, of pieces of runs, and of pieces of words
 * @param {ArrayLike<number>} counts how often the text has each id
 */
export function weigh(kinds, counts) {
  // Sums of whole numbers below 2^53 are exact in any order, so Python and JavaScript agree.
  const [words, runs, pieces] = kinds.map((own) => {
    let squares = 0;
    for (let i = 0; i < own.length; i++) {
      const loud = loudnessOf(counts[own[i]]);
      squares += loud * loud;
    }
    return squares;
  });
  const unknown = UNKNOWN * LOG_SCALE * LOG_SCALE;
  const allWords = words + unknown + runs / RUN_PIECES;
  const norms = [
    allWords,
    allWords * (RUN_PIECES / 2),
    (pieces + unknown) * (allWords / (words + unknown)),
  ].map(Math.sqrt);
  const ids = new Int32Array(/** @type {number[]} */ ([]).concat(...kinds));
  const weights = new Float32Array(ids.length);
  let end = 0;
  kinds.forEach((own, kind) => {
    for (let i = 0; i < own.length; i++) {
      weights[end++] = loudnessOf(counts[own[i]]) / norms[kind];
    }
  });
  return { ids, weights };
}
