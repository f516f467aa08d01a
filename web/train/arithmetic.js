// Functions whose last bit is the same in Python and in JavaScript. Only what IEEE 754 defines to
// the bit is used; src/provender/model/arithmetic.py has the same functions, and says why.

/**
 * Numbers in rows of equal width, one row after the other.
 *
 * @typedef {object} Matrix
 * @property {Float64Array | Float32Array} values
 * @property {number} width
 */

const SQRT_HALF = 0.7071067811865476;
const LN_2 = 0.6931471805599453;

// ln 2 in two parts: the first, of 33 bits, times a small integer is exact (as in fdlibm).
const LN_2_HIGH = 6.93147180369123816490e-1;
const LN_2_LOW = 1.90821492927058770002e-10;

// Terms after which the series below add less than half a unit in the last place.
const LOG_TERMS = 11;
const EXP_TERMS = 14;

// Below it exp is no normal number.
const LOWEST_EXPONENT = -700;

// Rows that are added up by themselves.
const ROWS = 200;

// Each squares what is left off the diagonal; from whatever matrix, eight leave nothing.
const SWEEPS = 10;

const bits = new DataView(new ArrayBuffer(8));

/**
 * Gives a power of two, of a whole exponent from -1022 to 1023.
 *
 * @param {number} exponent
 */
function powerOfTwo(exponent) {
  bits.setUint32(0, (exponent + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/**
 * Gives the natural logarithm of a positive normal number.
 *
 * @param {number} value
 */
export function log(value) {
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  let exponent = (high >>> 20) - 1022;
  bits.setUint32(0, (high & 0xfffff) | (1022 << 20));
  let mantissa = bits.getFloat64(0);
  if (mantissa < SQRT_HALF) {
    mantissa *= 2;
    exponent -= 1;
  }
  const ratio = (mantissa - 1) / (mantissa + 1);
  const square = ratio * ratio;
  let series = 0;
  for (let term = LOG_TERMS - 1; term >= 0; term--) series = series * square + 1 / (2 * term + 1);
  return exponent * LN_2 + 2 * ratio * series;
}

/**
 * Gives e to the power of a number up to 700.
 *
 * @param {number} value
 */
export function exp(value) {
  const bounded = Math.max(value, LOWEST_EXPONENT);
  const power = roundHalfEven(bounded / LN_2);
  const rest = bounded - power * LN_2_HIGH - power * LN_2_LOW;
  let series = 1;
  for (let term = EXP_TERMS; term > 0; term--) series = 1 + (rest / term) * series;
  return series * powerOfTwo(power);
}

/**
 * Rounds to a whole number, a half to the even one.
 *
 * @param {number} value
 */
export function roundHalfEven(value) {
  const below = Math.floor(value);
  const over = value - below;
  if (over !== 0.5) return over < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Gives the softmax of each row, in single precision.
 *
 * @param {Matrix} logits
 * @returns {Matrix}
 */
export function softmax({ values, width }) {
  const scores = new Float32Array(values.length);
  const powers = new Float64Array(width);
  for (let start = 0; start < values.length; start += width) {
    let most = -Infinity;
    for (let i = 0; i < width; i++) most = Math.max(most, values[start + i]);
    let total = 0;
    for (let i = 0; i < width; i++) total += powers[i] = exp(values[start + i] - most);
    for (let i = 0; i < width; i++) scores[start + i] = powers[i] / total;
  }
  return { values: scores, width };
}

/**
 * Gives the sum of each row, from its first number on.
 *
 * @param {Matrix} matrix
 */
export function addRows({ values, width }) {
  const sums = new Float64Array(values.length / width);
  for (let row = 0; row < sums.length; row++) {
    for (let i = row * width; i < (row + 1) * width; i++) sums[row] += values[i];
  }
  return sums;
}

/**
 * Gives the rows less their means.
 *
 * @param {Matrix} matrix
 * @returns {Matrix}
 */
export function centre({ values, width }) {
  const sums = addRows({ values, width });
  return {
    values: Float64Array.from(values, (value, i) => value - sums[Math.floor(i / width)] / width),
    width,
  };
}

/**
 * Gives the sum of the squares of each row.
 *
 * @param {Matrix} matrix
 */
export const addSquares = ({ values, width }) =>
  addRows({ values: Float64Array.from(values, (value) => value * value), width });

/**
 * Gives the product of two matrices, added up from the first column of `left` on.
 *
 * @param {Matrix} left [n, k]
 * @param {Matrix} right [k, m]
 * @returns {Matrix} [n, m]
 */
export function multiply(left, right) {
  const rows = left.values.length / left.width;
  const { width } = right;
  const total = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let place = 0; place < left.width; place++) {
      const factor = left.values[row * left.width + place];
      for (let i = 0; i < width; i++) {
        total[row * width + i] += factor * right.values[place * width + i];
      }
    }
  }
  return { values: total, width };
}

/**
 * Gives the sum of each row's outer product with itself, times its weight. It is added up in the
 * order of the rows, some at a time.
 *
 * @param {Matrix} matrix [n, k]
 * @param {ArrayLike<number>} weights [n]
 * @returns {Matrix} [k, k]
 */
export function gram({ values, width }, weights) {
  const rows = values.length / width;
  const total = new Float64Array(width * width);
  for (let first = 0; first < rows; first += ROWS) {
    const some = new Float64Array(width * width);
    for (let row = first; row < Math.min(first + ROWS, rows); row++) {
      for (let place = 0; place < width; place++) {
        const factor = values[row * width + place];
        for (let i = 0; i < width; i++) {
          some[place * width + i] += values[row * width + i] * weights[row] * factor;
        }
      }
    }
    for (let i = 0; i < total.length; i++) total[i] += some[i];
  }
  // Of two products that differ in their last bit, the mean.
  return {
    values: total.map(
      (value, i) => (value + total[(i % width) * width + Math.floor(i / width)]) / 2,
    ),
    width,
  };
}

/**
 * Gives the eigenvectors of a symmetric matrix as columns, that of the largest eigenvalue first:
 * by Jacobi's method, whose rotations each make one pair of elements zero.
 *
 * @param {Matrix} symmetric [k, k]
 * @returns {Matrix} [k, k]
 */
export function eigenvectors({ values, width: size }) {
  const matrix = Float64Array.from(values);
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  const rounds = pairUp(size);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const pairs of rounds) rotate(matrix, vectors, size, pairs);
  }
  const order = [...Array(size).keys()].sort(
    (a, b) => matrix[b * size + b] - matrix[a * size + a] || a - b,
  );
  return {
    values: vectors.map((_, i) => vectors[i - (i % size) + order[i % size]]),
    width: size,
  };
}

/**
 * Gives rounds in which each of so many axes meets one other, until each has met all: as players
 * of a tournament, of whom the first one stays and the others move on by one seat.
 *
 * @param {number} size
 */
function pairUp(size) {
  const even = size + (size % 2);
  let seats = [...Array(even).keys()];
  const rounds = [];
  for (let round = 1; round < even; round++) {
    rounds.push(
      seats
        .slice(0, even / 2)
        .map((seat, place) => [seat, seats[even - 1 - place]].sort((a, b) => a - b))
        // With an odd number, one rests.
        .filter(([, second]) => second < size),
    );
    seats = [seats[0], seats[even - 1], ...seats.slice(1, -1)];
  }
  return rounds;
}

/**
 * Turns pairs of axes so that the matrix is zero where they meet, and the vectors with them.
 *
 * @param {Float64Array} matrix
 * @param {Float64Array} vectors
 * @param {number} size
 * @param {number[][]} pairs
 */
function rotate(matrix, vectors, size, pairs) {
  const turns = pairs.map(([first, second]) => {
    const apart = matrix[second * size + second] - matrix[first * size + first];
    const twice = 2 * matrix[first * size + second];
    let tangent = 0;
    // Squared, so that what is as good as zero is left alone.
    if (twice * twice > 0) {
      tangent = twice / (Math.abs(apart) + Math.sqrt(apart * apart + twice * twice));
    }
    if (apart < 0) tangent *= -1;
    const cosine = 1 / Math.sqrt(tangent * tangent + 1);
    return { first, second, cosine, sine: tangent * cosine };
  });
  /**
   * @param {Float64Array} values
   * @param {number} along from one number of an axis to the next
   * @param {number} across from one axis to the next
   */
  function turn(values, along, across) {
    for (const { first, second, cosine, sine } of turns) {
      for (let i = 0; i < size; i++) {
        const one = i * along + first * across;
        const other = i * along + second * across;
        const before = values[one];
        values[one] = cosine * before - sine * values[other];
        values[other] = sine * before + cosine * values[other];
      }
    }
  }
  turn(matrix, size, 1);
  turn(matrix, 1, size);
  turn(vectors, size, 1);
  for (const [first, second] of pairs) {
    matrix[first * size + second] = matrix[second * size + first] = 0;
  }
}

/**
 * Adds numbers up as if without rounding, and rounds once (Shewchuk 1997), as `math.fsum` does.
 *
 * @param {Iterable<number>} values
 */
export function addExactly(values) {
  /** @type {number[]} */
  const partials = [];
  for (let value of values) {
    let kept = 0;
    for (let other of partials) {
      if (Math.abs(value) < Math.abs(other)) [value, other] = [other, value];
      const high = value + other;
      const low = other - (high - value);
      if (low) partials[kept++] = low;
      value = high;
    }
    partials.length = kept;
    partials.push(value);
  }
  let place = partials.length;
  if (!place) return 0;
  let high = partials[--place];
  let low = 0;
  while (place > 0) {
    const before = high;
    const next = partials[--place];
    high = before + next;
    low = next - (high - before);
    if (low) break;
  }
  // Half a unit in the last place, and more beyond it: rounded the other way.
  if (place > 0 && ((low < 0 && partials[place - 1] < 0) || (low > 0 && partials[place - 1] > 0))) {
    const twice = low * 2;
    const rounded = high + twice;
    if (twice === rounded - high) high = rounded;
  }
  return high;
}

/**
 * Gives the place of the largest number of each row, of equal ones the first.
 *
 * @param {Matrix} matrix
 */
export function largest({ values, width }) {
  const places = new Int32Array(values.length / width);
  for (let row = 0; row < places.length; row++) {
    for (let i = 1; i < width; i++) {
      if (values[row * width + i] > values[row * width + places[row]]) places[row] = i;
    }
  }
  return places;
}
