/* What a formula works with: texts, exact numbers, true and false, and the nodes of a repeat (arrays). Twin of values.py. */

import { daysOf } from './formula-days.js';
import { NOT_A_NUMBER, Rational, fromFloat, ratio, readDecimal, spell } from './formula-numbers.js';

/* The values of one question in all rows of a repeat, or the rows themselves. */
export class Nodeset {
  constructor(nodes) {
    this.nodes = nodes;
  }
}

export const trim = (text) => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
export const words = (text) => text.split(/[ \t\r\n]+/).filter(Boolean);
export const nodesOf = (value) => (value instanceof Nodeset ? value.nodes : [value]);

function single(value) {
  if (!(value instanceof Nodeset)) return value;
  return value.nodes.length ? value.nodes[0] : '';
}

/* True of a text that is not empty, a number that is not zero, and nodes that are there. */
export function truth(value) {
  if (value instanceof Nodeset) return value.nodes.length > 0;
  if (value instanceof Rational) return value.n !== BigInt(0);
  return value !== NOT_A_NUMBER && Boolean(value);
}

/* The number of a value; a date is its days since 1970 on the local clock (offset: its minutes from UTC). */
export function number(value, offset) {
  const one = single(value);
  if (typeof one === 'boolean') return ratio(BigInt(one ? 1 : 0));
  if (typeof one !== 'string') return one;
  const trimmed = trim(one);
  return readDecimal(trimmed) || daysOf(trimmed, offset) || NOT_A_NUMBER;
}

/* What is stored and shown. */
export function text(value) {
  const one = single(value);
  if (typeof one === 'string') return one;
  if (typeof one === 'boolean') return one ? 'true' : 'false';
  return one instanceof Rational ? spell(one) : NOT_A_NUMBER.text;
}

/* An answer as formulas see it: nothing is an empty text, several choices have blanks between. */
export function take(raw) {
  if (raw === null || raw === undefined) return '';
  if (typeof raw === 'string' || typeof raw === 'boolean' || raw === NOT_A_NUMBER) return raw;
  if (raw instanceof Rational) return ratio(raw.n, raw.d);
  if (typeof raw === 'bigint') return ratio(raw);
  if (typeof raw === 'number') return fromFloat(raw);
  if (Array.isArray(raw)) return raw.filter((one) => !isRecord(one)).map((one) => text(take(one))).join(' ');
  return isRecord(raw) ? textOfRow(raw) : '';
}

export const isRecord = (raw) => typeof raw === 'object' && raw !== null && !Array.isArray(raw) && !(raw instanceof Rational) && raw !== NOT_A_NUMBER;

/* A row of a repeat has no text of its own: * when anything in it is answered, else empty. */
export function textOfRow(row) {
  const answered = (one) => one !== null && one !== undefined && one !== '' && !(Array.isArray(one) && !one.length);
  return Object.values(row).some(answered) ? '*' : '';
}
