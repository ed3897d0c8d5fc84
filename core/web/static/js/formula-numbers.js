/* Exact numbers of formulas: a whole number over a whole number, never a binary float. Twin of values.py. */

const LIMIT = BigInt(1) << BigInt(1024);
const DECIMALS = 12;
const MAX_DIGITS = 400;
const ZERO = BigInt(0);
const ONE = BigInt(1);
const TWO = BigInt(2);
const TEN = BigInt(10);
const PLAIN = /^(-?)([0-9]*)(?:\.([0-9]*))?$/;
const FLOAT = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:e([+-]?[0-9]+))?$/;

export class Rational {
  constructor(numerator, denominator) {
    this.n = numerator;
    this.d = denominator;
    Object.freeze(this);
  }
}

/* What arithmetic gives when it cannot give a number: equal to nothing, itself included. */
export const NOT_A_NUMBER = Object.freeze({ text: 'NaN' });

const size = (big) => (big < ZERO ? -big : big);

function divisor(one, two) {
  let [a, b] = [size(one), size(two)];
  while (b) [a, b] = [b, a % b];
  return a;
}

/* The number in lowest terms, or NOT_A_NUMBER beyond 2^1024. */
export function ratio(numerator, denominator = ONE) {
  const [n, d] = denominator < ZERO ? [-numerator, -denominator] : [numerator, denominator];
  const shared = divisor(n, d);
  const made = new Rational(n / shared, d / shared);
  return size(made.n) < LIMIT && made.d < LIMIT ? made : NOT_A_NUMBER;
}

export const whole = (count) => ratio(BigInt(count));
export const isNumber = (value) => value instanceof Rational;

export function floorOf(numerator, denominator = ONE) {
  const cut = numerator / denominator;
  return numerator % denominator < ZERO ? cut - ONE : cut;
}

export const floor = (number) => floorOf(number.n, number.d);
export const cutOff = (number) => number.n / number.d;
export const negative = (number) => new Rational(-number.n, number.d);
export const add = (a, b) => ratio(a.n * b.d + b.n * a.d, a.d * b.d);
export const subtract = (a, b) => ratio(a.n * b.d - b.n * a.d, a.d * b.d);
export const multiply = (a, b) => ratio(a.n * b.n, a.d * b.d);
export const divide = (a, b) => (b.n === ZERO ? NOT_A_NUMBER : ratio(a.n * b.d, a.d * b.n));

/* What is left after taking the divisor away a whole number of times; it has the sign of the first. */
export function remainder(a, b) {
  if (b.n === ZERO) return NOT_A_NUMBER;
  const times = (a.n * b.d) / (a.d * b.n);
  return ratio(a.n * b.d - times * b.n * a.d, a.d * b.d);
}

/* Below zero, zero or above zero as the first is less than, equal to or more than the second. */
export function compare(a, b) {
  const difference = a.n * b.d - b.n * a.d;
  return difference < ZERO ? -1 : Number(difference > ZERO);
}

/* To the nearest with so many decimals, a half always upwards. */
export function round(number, places) {
  const scale = TEN ** size(places);
  const [n, d] = places < ZERO ? [number.n, number.d * scale] : [number.n * scale, number.d];
  const units = floorOf(TWO * n + d, TWO * d);
  return places < ZERO ? ratio(units * scale) : ratio(units, scale);
}

const MAX_POWER = BigInt(1024);

export function power(base, wanted) {
  let exponent = wanted;
  if (base.n === ZERO && exponent < ZERO) return NOT_A_NUMBER;
  if (size(exponent) > MAX_POWER) {
    if (base.d !== ONE || size(base.n) > ONE) return NOT_A_NUMBER;
    exponent = TWO - size(exponent % TWO);
  }
  return exponent < ZERO ? ratio(base.d ** -exponent, base.n ** -exponent) : ratio(base.n ** exponent, base.d ** exponent);
}

function join(sign, digits, decimals, exponent) {
  const n = BigInt((digits + decimals) || '0');
  const shift = BigInt(exponent - decimals.length);
  const signed = sign ? -n : n;
  return shift < ZERO ? ratio(signed, TEN ** -shift) : ratio(signed * TEN ** shift);
}

/* The number that a trimmed text spells in decimals, NOT_A_NUMBER when it is too long, null when it spells none. */
export function readDecimal(text) {
  const match = PLAIN.exec(text);
  if (!match || !(match[2] || match[3])) return null;
  return text.length > MAX_DIGITS ? NOT_A_NUMBER : join(match[1], match[2], match[3] || '', 0);
}

/* A JavaScript number as it is written, so that 0.1 is a tenth. */
export function fromFloat(number) {
  if (!Number.isFinite(number)) return NOT_A_NUMBER;
  const match = FLOAT.exec(String(number));
  return join(match[1], match[2], match[3] || '', Number(match[4] || 0));
}

/* A whole number as such, else at most 12 decimals, rounded half up away from zero. */
export function spell(number) {
  const scale = TEN ** BigInt(DECIMALS);
  const units = (TWO * size(number.n) * scale + number.d) / (TWO * number.d);
  const decimals = String(units % scale).padStart(DECIMALS, '0').replace(/0+$/, '');
  const sign = number.n < ZERO && units ? '-' : '';
  return `${sign}${units / scale}${decimals ? `.${decimals}` : ''}`;
}
