// Random permutations, the same as those of NumPy's Generator(PCG64(seed)).

const WORD = 0xffffffff;
const MASK_64 = (1n << 64n) - 1n;
const MASK_128 = (1n << 128n) - 1n;

// Of NumPy's SeedSequence, which mixes a seed into a state (O'Neill 2015).
const POOL = 4;
const [INIT_A, MULTIPLY_A] = [0x43b0d7e5, 0x931e8875];
const [INIT_B, MULTIPLY_B] = [0x8b51f9dd, 0x58f38ded];
const [MIX_LEFT, MIX_RIGHT] = [0xca01f9dd, 0x4973f715];

// Of PCG's 128 bits (O'Neill 2014).
const MULTIPLIER = (2549297995355413924n << 64n) | 4865540595714422341n;

/**
 * Makes a function that gives permutations of the numbers from 0 to below so many, in turn.
 *
 * @param {number} seed a whole number of at least 0
 * @returns {(count: number) => Int32Array}
 */
export function createPermutations(seed) {
  const next = createWords(seed);
  /** @param {number} most */
  function upTo(most) {
    const mask = WORD >>> Math.clz32(most);
    let value;
    do value = (next() & mask) >>> 0;
    while (value > most);
    return value;
  }
  return (count) => {
    const order = Int32Array.from({ length: count }, (_, place) => place);
    for (let place = count - 1; place > 0; place--) {
      const other = upTo(place);
      [order[place], order[other]] = [order[other], order[place]];
    }
    return order;
  };
}

/**
 * Makes a function that gives the generator's words of 32 bits, in turn.
 *
 * @param {number} seed
 */
function createWords(seed) {
  const [a, b, c, d] = mixSeed(seed);
  const increment = ((((c << 64n) | d) << 1n) | 1n) & MASK_128;
  let state = 0n;
  const step = () => (state = (state * MULTIPLIER + increment) & MASK_128);
  step();
  state = (state + ((a << 64n) | b)) & MASK_128;
  step();
  /** @type {number | undefined} */
  let kept;
  return () => {
    if (kept !== undefined) {
      const word = kept;
      kept = undefined;
      return word;
    }
    step();
    const folded = (state >> 64n) ^ (state & MASK_64);
    const turn = state >> 122n;
    const value = ((folded >> turn) | (folded << (64n - turn))) & MASK_64;
    kept = Number(value >> 32n);
    return Number(value & 0xffffffffn);
  };
}

/**
 * Mixes a seed into four numbers of 64 bits.
 *
 * @param {number} seed
 */
function mixSeed(seed) {
  /** @type {number[]} */
  const words = [];
  for (let rest = BigInt(seed); rest > 0n || !words.length; rest >>= 32n) {
    words.push(Number(rest & 0xffffffffn));
  }
  let constant = INIT_A;
  /** @param {number} word */
  function hash(word) {
    word ^= constant;
    constant = Math.imul(constant, MULTIPLY_A);
    word = Math.imul(word, constant);
    return (word ^ (word >>> 16)) >>> 0;
  }
  /**
   * @param {number} left
   * @param {number} right
   */
  function mix(left, right) {
    const mixed = Math.imul(MIX_LEFT, left) - Math.imul(MIX_RIGHT, right);
    return (mixed ^ ((mixed >>> 0) >>> 16)) >>> 0;
  }
  const pool = Array.from({ length: POOL }, (_, place) => hash(words[place] || 0));
  for (let from = 0; from < POOL; from++) {
    for (let to = 0; to < POOL; to++) {
      if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
    }
  }
  for (const word of words.slice(POOL)) {
    for (let to = 0; to < POOL; to++) pool[to] = mix(pool[to], hash(word));
  }
  let other = INIT_B;
  const made = Array.from({ length: 2 * POOL }, (_, place) => {
    let word = pool[place % POOL] ^ other;
    other = Math.imul(other, MULTIPLY_B);
    word = Math.imul(word, other);
    return BigInt((word ^ (word >>> 16)) >>> 0);
  });
  return [0, 2, 4, 6].map((place) => made[place] | (made[place + 1] << 32n));
}
