// Exact arithmetic for emitted formulas. A fraction is a pair [top, bottom] with bottom > 0n; what has no exact value throws.

function floorDiv(a, b) {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
}

function ceilDiv(a, b) {
  return -floorDiv(-a, b);
}

function gcd(a, b) {
  while (b !== 0n) [a, b] = [b, a % b];
  return a < 0n ? -a : a;
}

function ratio(top, bottom) {
  if (bottom === 1n) return [top, bottom];
  if (bottom === 0n) throw new RangeError("division by zero");
  const common = bottom < 0n ? -gcd(top, bottom) : gcd(top, bottom);
  return [top / common, bottom / common];
}

function whole(top, bottom) {
  if (top % bottom !== 0n) throw new RangeError("not an integer");
  return top / bottom;
}

function raised(base, exponent) {
  if (exponent * BigInt(base.toString(2).length) > 1000000n) throw new RangeError("a number too large to write out");
  return base ** exponent;
}

function power(base, [top, bottom]) {
  const [a, b] = ratio(...base);
  const exponent = whole(top, bottom);
  return exponent < 0n ? ratio(raised(b, -exponent), raised(a, -exponent)) : [raised(a, exponent), raised(b, exponent)];
}

function min(...values) {
  return values.reduce((a, b) => (b < a ? b : a));
}

function max(...values) {
  return values.reduce((a, b) => (b > a ? b : a));
}

function least(...fractions) {
  return fractions.map((f) => ratio(...f)).reduce((a, b) => (b[0] * a[1] < a[0] * b[1] ? b : a));
}

function greatest(...fractions) {
  return fractions.map((f) => ratio(...f)).reduce((a, b) => (b[0] * a[1] > a[0] * b[1] ? b : a));
}

function rootOf(square) {
  if (square < 0n) throw new RangeError("the square root of a negative number");
  let root = BigInt(Math.floor(Math.sqrt(Number(square))));
  while (root * root > square) root -= 1n;
  while ((root + 1n) * (root + 1n) <= square) root += 1n;
  if (root * root !== square) throw new RangeError("an irrational square root");
  return root;
}

function sqrt(fraction) {
  const [top, bottom] = ratio(...fraction);
  return [rootOf(top), rootOf(bottom)];
}

function log2(fraction) {
  const [top, bottom] = ratio(...fraction);
  const digits = top > 0n && bottom === 1n ? top.toString(2).length - 1 : 0;
  if (1n << BigInt(digits) !== top) throw new RangeError("an irrational logarithm");
  return [BigInt(digits), 1n];
}

// The multiple of a divisor nearest to a value, at least one of it and not below nine tenths of the value.
function divisible(value, divisor) {
  const [v, w] = ratio(...value);
  const [d, e] = ratio(...divisor);
  const times = max(1n, floorDiv(2n * v * e + w * d, 2n * w * d));
  return ratio((10n * times * d * w < 9n * v * e ? times + 1n : times) * d, e);
}

function turns(count) {
  if (count > 100000n) throw new RangeError("too many turns to add up");
  return Array.from({ length: Math.max(0, Number(count)) }, (_, turn) => BigInt(turn));
}

function sum(count, term) {
  return turns(count).reduce((total, turn) => total + term(turn), 0n);
}

function sums(count, term) {
  return turns(count).reduce(([a, b], turn) => {
    const [c, d] = term(turn);
    return ratio(a * d + c * b, b * d);
  }, [0n, 1n]);
}

function every(count, holds) {
  return turns(count).every(holds);
}
