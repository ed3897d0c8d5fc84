/* What the functions of a formula do once their arguments are computed. Twin of functions.py. */

import { formatDays, partOfDay, spellDay, spellDays } from './formula-days.js';
import { NOT_A_NUMBER, add, compare, cutOff, floor, isNumber, negative, power, ratio, round, whole } from './formula-numbers.js';
import { compilePattern, matches } from './formula-patterns.js';
import { nodesOf, number, text, trim, truth, words } from './formula-values.js';

const MAX_PLACES = BigInt(30);
const MAX_RANDOM = 200;
const NANOS = 1000000000;
const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';
const ONE = BigInt(1);

const letters = (value) => Array.from(value);
const numberAt = (context, args, at = 0) => number(args[at], context.offset);

/* An argument as a whole number within what an index can be, its fraction cut off; null when it is no number. */
function wholeAt(context, args, at) {
  const found = numberAt(context, args, at);
  if (!isNumber(found)) return null;
  return Math.max(-1e9, Math.min(1e9, Number(cutOff(found))));
}

const allTexts = (args) => args.reduce((found, arg) => found.concat(nodesOf(arg).map(text)), []);

/* The numbers of all nodes; what is no number, such as a row that is not filled in, is left out as Collect does. */
const allNumbers = (context, args) => args.reduce((all, arg) => all.concat(nodesOf(arg).map((node) => number(node, context.offset))), []).filter(isNumber);

const ofNumber = (rule) => (context, args) => {
  const found = numberAt(context, args);
  return isNumber(found) ? rule(found) : NOT_A_NUMBER;
};

const ofDays = (rule) => (context, args) => {
  const found = numberAt(context, args);
  return isNumber(found) ? rule(found, context, args) : '';
};

/* From start (from 0) to before end; negative places count from the end. */
function substr(context, args) {
  const all = letters(text(args[0]));
  const places = [wholeAt(context, args, 1), args.length > 2 ? wholeAt(context, args, 2) : all.length];
  if (places.includes(null)) return '';
  const [start, end] = places.map((at) => (at < 0 ? Math.max(at + all.length, 0) : at));
  return all.slice(start, end).join('');
}

function selectedAt(context, args) {
  const at = wholeAt(context, args, 1);
  return (at !== null && at >= 0 && words(text(args[0]))[at]) || '';
}

function before(_, args) {
  const [all, mark] = args.map(text);
  return all.slice(0, Math.max(all.indexOf(mark), 0));
}

function after(_, args) {
  const [all, mark] = args.map(text);
  const at = all.indexOf(mark);
  return at >= 0 ? all.slice(at + mark.length) : '';
}

function translate(_, args) {
  const [all, old, fresh] = args.map((arg) => letters(text(arg)));
  const exchange = (letter) => (old.includes(letter) ? fresh[old.indexOf(letter)] || '' : letter);
  return all.map(exchange).join('');
}

function roundTo(context, args) {
  const amount = numberAt(context, args);
  const places = args.length > 1 ? numberAt(context, args, 1) : whole(0);
  if (!isNumber(amount) || !isNumber(places) || places.d !== ONE) return NOT_A_NUMBER;
  return places.n > MAX_PLACES || places.n < -MAX_PLACES ? NOT_A_NUMBER : round(amount, places.n);
}

function pow(context, args) {
  const [base, exponent] = [numberAt(context, args), numberAt(context, args, 1)];
  return isNumber(base) && isNumber(exponent) && exponent.d === ONE ? power(base, exponent.n) : NOT_A_NUMBER;
}

const extreme = (sign) => (context, args) => {
  const found = allNumbers(context, args);
  return found.length ? found.reduce((best, one) => (compare(one, best) === sign ? one : best)) : NOT_A_NUMBER;
};

const sum = (context, args) => allNumbers(context, args).reduce((total, one) => (isNumber(total) ? add(total, one) : total), whole(0));

function decimalTime(context, args) {
  const found = partOfDay(trim(text(args[0])), context.offset);
  return found === null ? NOT_A_NUMBER : found;
}

/* A version 4 UUID, or as many random letters and figures as wanted. */
function uuid(context, args) {
  if (args.length) {
    const size = wholeAt(context, args, 0);
    const wanted = size !== null && size > 0 && size <= MAX_RANDOM ? size : 0;
    return Array.from({ length: wanted }, () => LETTERS[context.chance(36)]).join('');
  }
  const drawn = Array.from({ length: 31 }, () => context.chance(16));
  drawn.splice(12, 0, 4);
  drawn[16] = 8 + (drawn[16] % 4);
  const spelled = drawn.map((one) => LETTERS[one]).join('');
  return [spelled.slice(0, 8), spelled.slice(8, 12), spelled.slice(12, 16), spelled.slice(16, 20), spelled.slice(20)].join('-');
}

const format = ofDays((found, context, args) => formatDays(found, text(args[1]), context.language));
const row = (context) => whole(context.row);

/* The functions whose arguments are computed first; if, once, indexed-repeat and jr:choice-name read theirs themselves. */
export const FUNCTIONS = {
  coalesce: (_, args) => args.map(text).find((one) => one !== '') || '',
  selected: (_, args) => words(text(args[0])).includes(trim(text(args[1]))),
  'selected-at': selectedAt,
  'count-selected': (_, args) => whole(words(text(args[0])).length),
  regex: (_, args) => matches(compilePattern(text(args[1])), text(args[0])),
  'string-length': (context, args) => whole(letters(text(args.length ? args[0] : context.own)).length),
  contains: (_, args) => text(args[0]).includes(text(args[1])),
  'starts-with': (_, args) => text(args[0]).startsWith(text(args[1])),
  'ends-with': (_, args) => text(args[0]).endsWith(text(args[1])),
  substr,
  'substring-before': before,
  'substring-after': after,
  translate,
  concat: (_, args) => allTexts(args).join(''),
  join: (_, args) => allTexts(args.slice(1)).join(text(args[0])),
  'normalize-space': (context, args) => words(text(args.length ? args[0] : context.own)).join(' '),
  string: (_, args) => text(args[0]),
  number: numberAt,
  int: ofNumber((found) => ratio(cutOff(found))),
  round: roundTo,
  floor: ofNumber((found) => ratio(floor(found))),
  ceiling: ofNumber((found) => ratio(-floor(negative(found)))),
  abs: ofNumber((found) => (found.n < BigInt(0) ? negative(found) : found)),
  pow,
  min: extreme(-1),
  max: extreme(1),
  sum,
  count: (_, args) => whole(nodesOf(args[0]).length),
  'count-non-empty': (_, args) => whole(allTexts(args).filter((one) => one !== '').length),
  position: row,
  index: row,
  today: (context) => context.moment.slice(0, 10),
  now: (context) => context.moment,
  date: ofDays((found) => spellDay(floor(found))),
  'date-time': ofDays((found, context) => spellDays(found, context.offset)),
  'decimal-date-time': numberAt,
  'decimal-time': decimalTime,
  'format-date': format,
  'format-date-time': format,
  true: () => true,
  false: () => false,
  not: (_, args) => !truth(args[0]),
  boolean: (_, args) => truth(args[0]),
  'boolean-from-string': (_, args) => ['true', '1'].includes(text(args[0])),
  uuid,
  random: (context) => ratio(BigInt(context.chance(NANOS)), BigInt(NANOS)),
};
