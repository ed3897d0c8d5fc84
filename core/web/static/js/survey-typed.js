/* Answers by the type of their question: what is typed, checked, and kept as plain JSON values. Twin of xlsform/typed.py.

   readAnswer(part, raw) gives { stored, seen }: what is kept, and what formulas see; NOTHING when it was left open. It throws
   a Misfit { kind, params } when the answer does not fit: kind is the end of a text's key, such as "integer". */

import { fromFloat, isNumber, readDecimal, remainder, subtract, compare } from './formula-numbers.js';

export class Misfit extends Error {
  constructor(kind, params = {}) {
    super(kind);
    this.kind = kind;
    this.params = params;
  }
}

export const NOTHING = Object.freeze({ stored: null, seen: '' });
export const MOST_TEXT = 10000;
const MOST = 10 ** 12; // no number in a form is larger (ours)
const PLACES = 7; // decimals of a degree
const BLANK = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+'; // as the server's strip()
const EDGES = new RegExp(`^${BLANK}|${BLANK}$`, 'g');
const GAPS = new RegExp(BLANK);
const WHOLE = /^-?[0-9]{1,13}$/;
const PLAIN = /^-?[0-9]{1,13}(\.[0-9]{1,9})?$/;
const DEGREE = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?$/;

export const strip = (text) => text.replace(EDGES, '');
export const isRecord = (raw) => typeof raw === 'object' && raw !== null && !Array.isArray(raw);
const same = (value) => ({ stored: value, seen: value });
const isEmpty = (raw) => raw === null || raw === undefined || (typeof raw === 'string' && !strip(raw))
  || (Array.isArray(raw) && !raw.length) || (isRecord(raw) && !Object.keys(raw).length);
export const isOpen = ({ stored }) => stored === null || stored === undefined || stored === '' || (Array.isArray(stored) && !stored.length);

function text(raw) {
  if (typeof raw !== 'string') throw new Misfit('text');
  if ([...raw].length > MOST_TEXT) throw new Misfit('textLong');
  // eslint-disable-next-line no-control-regex
  return same(strip(raw.replace(/\r\n/g, '\n').replace(/\u0000/g, '')));
}

function integer(raw) {
  const said = typeof raw === 'string' ? strip(raw) : raw;
  const isWhole = typeof said === 'number' ? Number.isInteger(said) : typeof said === 'string' && WHOLE.test(said);
  if (!isWhole || Math.abs(Number(said)) > MOST) throw new Misfit('integer');
  return same(Number(said) + 0);
}

/* A number in the one spelling that is kept: no zeros before or after. */
function plain(said) {
  const [, sign, digits, decimals = ''] = /^(-?)([0-9]+)(?:\.([0-9]*))?$/.exec(said);
  const kept = decimals.replace(/0+$/, '');
  return `${sign}${digits.replace(/^0+(?=[0-9])/, '')}${kept ? `.${kept}` : ''}`;
}

function numeral(raw) {
  const said = typeof raw === 'number' || typeof raw === 'string' ? strip(String(raw)) : '';
  if (!PLAIN.test(said) || Math.abs(Number(said)) > MOST) throw new Misfit('number');
  return { spelled: plain(said), exact: readDecimal(said) };
}

function decimal(raw) {
  const { spelled, exact } = numeral(raw);
  return { stored: spelled, seen: exact };
}

function range(raw, part) {
  const { spelled, exact } = numeral(raw);
  const [low, high, step] = part.bounds.map(readDecimal);
  const off = remainder(subtract(exact, low), step);
  if (compare(exact, low) < 0 || compare(exact, high) > 0 || !isNumber(off) || off.n !== BigInt(0)) {
    throw new Misfit('range', { low: part.bounds[0], high: part.bounds[1], step: part.bounds[2] });
  }
  return { stored: exact.d === BigInt(1) ? Number(spelled) + 0 : spelled, seen: exact };
}

/* ---- days and times, as ISO 8601 writes them ---- */
const DAY = '(\\d{4})-(\\d\\d)-(\\d\\d)';
const CLOCK = '(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:[.,](\\d+))?)?(Z|[+-]\\d\\d:\\d\\d)?';
const isDay = (year, month, day) => {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= last[month - 1];
};
/* A time with its seconds and its distance from UTC, in full; null when there is none. */
function clock([hour, minute, second = '00', rest = '', zone = '']) {
  if (hour > 23 || minute > 59 || second > 59) return null;
  if (zone.length > 1 && (zone.slice(1, 3) > 23 || zone.slice(4) > 59)) return null;
  const micro = rest ? rest.slice(0, 6).padEnd(6, '0') : '';
  const shown = zone === 'Z' || zone === '-00:00' ? '+00:00' : zone;
  return `${hour}:${minute}:${second}${Number(micro) ? `.${micro}` : ''}${shown}`;
}

function moment(pattern, example, write) {
  const known = new RegExp(`^${pattern}$`);
  return (raw) => {
    const match = typeof raw === 'string' ? known.exec(strip(raw)) : null;
    const found = match && write(match.slice(1));
    if (!found) throw new Misfit('moment', { example });
    return same(found);
  };
}
const ofDay = ([year, month, day]) => (isDay(Number(year), Number(month), Number(day)) ? `${year}-${month}-${day}` : null);
const date = moment(DAY, '2026-03-02', ofDay);
const time = moment(CLOCK, '08:30', clock);
const both = (parts) => {
  const [day, hour] = [ofDay(parts), parts[3] === undefined ? '00:00:00' : clock(parts.slice(3))];
  return day && hour && `${day}T${hour}`;
};
const dateTime = (example) => moment(`${DAY}(?:[T ]${CLOCK})?`, example, both);

/* ---- choices, places, pairs ---- */
function one(raw) {
  if (typeof raw !== 'string') throw new Misfit('one');
  return same(raw);
}

function several(raw) {
  const found = typeof raw === 'string' ? raw.split(GAPS).filter(Boolean) : raw;
  if (!Array.isArray(found) || !found.every((each) => typeof each === 'string')) throw new Misfit('several');
  return same([...new Set(found)]);
}

/* A degree or a length as the server rounds it: seven decimals, a half to the even digit. */
function degree(raw) {
  const match = DEGREE.exec(strip(String(raw === undefined ? '' : raw)));
  if (!match || !(match[2] || match[3])) throw new Misfit('geopoint');
  const [, sign, digits = '', decimals = '', exponent = '0'] = match;
  const number = Number(match[0]);
  if (!Number.isFinite(number) || Math.abs(number) > MOST) throw new Misfit('geopoint');
  const shift = BigInt(Number(exponent) - decimals.length + PLACES);
  const units = BigInt((digits + decimals) || '0');
  let [whole, rest, scale] = [units, BigInt(0), BigInt(1)];
  if (shift >= BigInt(0)) whole = units * BigInt(10) ** shift;
  else {
    scale = BigInt(10) ** -shift;
    [whole, rest] = [units / scale, units % scale];
  }
  const twice = rest * BigInt(2);
  if (twice > scale || (twice === scale && whole % BigInt(2))) whole += BigInt(1);
  const spelled = String(whole).padStart(PLACES + 1, '0');
  return { number, spelled: plain(`${sign === '-' ? '-' : ''}${spelled.slice(0, -PLACES)}.${spelled.slice(-PLACES)}`) };
}

function geopoint(raw) {
  let parts = typeof raw === 'string' ? raw.split(GAPS).filter(Boolean) : [];
  if (isRecord(raw)) parts = [raw.latitude, raw.longitude, raw.altitude || 0, raw.accuracy || 0];
  const found = parts.map(degree);
  if (found.length < 2 || found.length > 4 || Math.abs(found[0].number) > 90 || Math.abs(found[1].number) > 180) throw new Misfit('geopoint');
  return same([...found.map(({ spelled }) => spelled), '0', '0'].slice(0, 4).join(' '));
}

function pair(raw) {
  if (!isRecord(raw)) throw new Misfit('pair');
  if (raw.na === true) return { stored: { na: true }, seen: { n: '', m: 0 } };
  const [n, m] = [integer(raw.n).stored, integer(raw.m).stored];
  if (n < 0 || n > m) throw new Misfit('pairMore');
  return same({ n, m });
}

const READERS = {
  text, integer, decimal, range, date, time, dateTime: dateTime('2026-03-02T08:30'), select_one: one, select_multiple: several,
  image: text, geopoint, hidden: text, today: date, start: dateTime('2026-03-02T08:30+08:00'), end: dateTime('2026-03-02T08:30+08:00'),
  deviceid: text, username: text, n_of_m: pair,
};

/* The answer to one question; a type that nobody answers gives NOTHING. */
export function readAnswer(part, raw) {
  const reader = Object.prototype.hasOwnProperty.call(READERS, part.type) ? READERS[part.type] : null;
  return isEmpty(raw) || !reader ? NOTHING : reader(raw, part);
}

const YES = [true, 1, 'true', 'yes', '1'];
const seenItem = (value) => (typeof value === 'number' ? fromFloat(value) : value);

/* A scored item's answer, which its own rules judge elsewhere: kept as it is, seen as ODK would hold it. */
export function readItem(raw) {
  if (!isRecord(raw)) return { stored: raw === undefined ? null : raw, seen: typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean' ? raw : '' };
  const given = { ...raw };
  if ([true, 1, 'true', '1'].includes(given.na)) return { stored: given, seen: { n: '', m: 0, '': 'na' } };
  if ('yes' in given) return { stored: given, seen: { '': YES.includes(given.yes) ? 'yes' : 'no' } };
  if ('m' in given) return { stored: given, seen: { n: 'n' in given ? seenItem(given.n) : '', m: seenItem(given.m) } };
  if (!Object.keys(given).length) return NOTHING;
  const said = 'count' in given ? given.count : given.rating;
  return { stored: given, seen: { '': said === undefined ? '' : seenItem(said) } };
}
