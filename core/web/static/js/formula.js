/* The formulas of a form in the browser: relevant, constraint, calculation, required, choice_filter and default.

   The same grammar and the same results as on the server (core/campaigns/xlsform/expressions.py), as
   tests/campaigns/xlsform/vectors.json proves in both. Exact fractions, never floats; docs/formulas.md says it all.

   A context is a plain object: now (a text with its offset, needed), values, current, homes, at, choices, columns, language,
   chance - each as the server's Context has it; `at` is a list of [repeat, row from 0]. */

import { readMoment, spellNow } from './formula-days.js';
import { FUNCTIONS } from './formula-functions.js';
import { parse } from './formula-grammar.js';
import { NOT_A_NUMBER, Rational, add, compare, divide, isNumber, multiply, negative, remainder, subtract } from './formula-numbers.js';
import { BadFormula } from './formula-tokens.js';
import { Nodeset, isRecord, nodesOf, number, take, text, textOfRow, truth } from './formula-values.js';

export { BadFormula, NOT_A_NUMBER, Nodeset, Rational, parse, spellNow, text as toText };

const RECKON = { '+': add, '-': subtract, '*': multiply, div: divide, mod: remainder };
const ORDER = { '<': (sign) => sign < 0, '<=': (sign) => sign <= 0, '>': (sign) => sign > 0, '>=': (sign) => sign >= 0 };

const own = (object, key) => (object && Object.prototype.hasOwnProperty.call(object, key) ? object[key] : undefined);

/* The questions and repeats that a formula reads, each once, in order of appearance. */
export const names = (node) => collect(node, 'name');

/* The columns of the choices sheet that a choice_filter reads. */
export const columns = (node) => collect(node, 'column');

function collect(node, kind) {
  const found = new Set();
  const walk = (one) => {
    if (one.kind === kind) found.add(one.name);
    if (one.kind === 'minus') walk(one.operand);
    if (one.kind === 'call') one.args.forEach(walk);
    if (one.kind === 'chain') [one.head, ...one.rest.map(([, operand]) => operand)].forEach(walk);
  };
  walk(node);
  return [...found];
}

/* A whole number from 0 below the bound, each as likely as the others. */
function draw(bound) {
  const room = new Uint32Array(1);
  const most = Math.floor(0x100000000 / bound) * bound;
  do crypto.getRandomValues(room); while (room[0] >= most);
  return room[0] % bound;
}

/* A context with everything that the caller left out. */
function complete(given) {
  const { text: moment, offset } = readMoment(given.now);
  const { values = {}, homes = {}, at = [], choices = {}, columns: shown = {}, language = 'zh', chance = draw } = given;
  const row = at.length ? at[at.length - 1][1] + 1 : 1;
  return { moment, offset, values, homes, at, choices, columns: shown, language, chance, row, own: take(given.current) };
}

/* The value of a formula: a text, true or false, a Rational, NOT_A_NUMBER or a Nodeset. */
export const evaluate = (node, given) => work(node, complete(given));

/* Whether a condition holds: its value taken as true or false. */
export const holds = (node, given) => truth(evaluate(node, given));

function work(node, context) {
  switch (node.kind) {
    case 'number':
    case 'text':
      return node.value;
    case 'name':
      return find(context, node.name, {});
    case 'column':
      return take(own(context.columns, node.name));
    case 'current':
      return context.own;
    case 'minus': {
      const found = number(work(node.operand, context), context.offset);
      return isNumber(found) ? negative(found) : NOT_A_NUMBER;
    }
    case 'call':
      return call(node, context);
    default:
      return chain(node, context);
  }
}

function chain(node, context) {
  let value = work(node.head, context);
  for (const [operator, operand] of node.rest) {
    const settled = operator === 'and' || operator === 'or' ? operator === 'or' : null;
    if (settled !== null && truth(value) === settled) return settled;
    const other = work(operand, context);
    value = settled === null ? combine(operator, value, other, context.offset) : truth(other);
  }
  return value;
}

function call({ function: name, args }, context) {
  if (name === 'if') return work(truth(work(args[0], context)) ? args[1] : args[2], context);
  if (name === 'once') return text(context.own) ? context.own : work(args[0], context);
  if (name === 'jr:choice-name') return own(own(context.choices, args[1].name), text(work(args[0], context))) || '';
  if (name === 'indexed-repeat') return indexed(args, context);
  return FUNCTIONS[name](context, args.map((arg) => work(arg, context)));
}

function indexed([{ name }, ...rest], context) {
  const wanted = {};
  for (let at = 0; at < rest.length; at += 2) {
    const row = number(work(rest[at + 1], context), context.offset);
    if (!isNumber(row) || row.d !== BigInt(1)) return '';
    wanted[rest[at].name] = Number(row.n);
  }
  const home = own(context.homes, name) || [];
  return Object.keys(wanted).every((repeat) => home.includes(repeat)) ? find(context, name, wanted) : '';
}

function combine(operator, left, right, offset) {
  if (operator === '=' || operator === '!=') return equal(operator === '=', left, right, offset);
  if (operator in ORDER) return some(left, right, (one, two) => ordered(operator, one, two, offset));
  const [first, second] = [number(left, offset), number(right, offset)];
  return isNumber(first) && isNumber(second) ? RECKON[operator](first, second) : NOT_A_NUMBER;
}

const some = (left, right, rule) => nodesOf(left).some((one) => nodesOf(right).some((two) => rule(one, two)));

/* Nodes are equal to a value when one of them is; with true or false they are taken as a whole. */
function equal(wanted, left, right, offset) {
  if (typeof left === 'boolean' || typeof right === 'boolean') return (truth(left) === truth(right)) === wanted;
  return some(left, right, (one, two) => same(one, two, offset) === wanted);
}

function same(left, right, offset) {
  if (typeof left === 'boolean' || typeof right === 'boolean') return truth(left) === truth(right);
  if (typeof left === 'string' && typeof right === 'string') return left === right;
  const [first, second] = [number(left, offset), number(right, offset)];
  return isNumber(first) && isNumber(second) && compare(first, second) === 0;
}

function ordered(operator, left, right, offset) {
  const [first, second] = [number(left, offset), number(right, offset)];
  return isNumber(first) && isNumber(second) && ORDER[operator](compare(first, second));
}

const rowsOf = (record, repeat) => {
  const found = own(record, repeat);
  return Array.isArray(found) ? found.filter(isRecord) : [];
};

/* What ${name} is: one answer where the formula stands inside of the same rows, else a node for every row. */
function find(context, name, wanted) {
  let [found, alone, together] = [[context.values], true, true];
  (own(context.homes, name) || []).forEach((repeat, level) => {
    const each = found.map((record) => rowsOf(record, repeat));
    const mine = together && level < context.at.length && context.at[level][0] === repeat ? context.at[level][1] + 1 : null;
    const asked = own(wanted, repeat);
    const row = asked === undefined ? mine : asked;
    together = together && mine !== null && row === mine;
    if (row === null) alone = false;
    found = each.reduce((all, rows) => all.concat(row === null ? rows : rows.slice(Math.max(row - 1, 0), Math.max(row, 0))), []);
  });
  if (Object.keys(context.homes).some((key) => context.homes[key].includes(name))) {
    return new Nodeset(found.reduce((all, record) => all.concat(rowsOf(record, name).map(textOfRow)), []));
  }
  if (!alone) return new Nodeset(found.map((record) => take(own(record, name))));
  return found.length ? take(own(found[0], name)) : '';
}
