/* Dates and times in formulas: texts in, days since 1970-01-01 of the local clock out, and back. Twin of days.py. */

import { floorOf, ratio } from './formula-numbers.js';

const MOMENT = /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$/;
const CLOCK = /^([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:[0-9]{2})?$/;
const DAY_MINUTES = 24 * 60;
const DAY_MILLISECONDS = BigInt(DAY_MINUTES * 60000);
const DAY_NANOS = DAY_MILLISECONDS * BigInt(1000000);
const MINUTE_NANOS = BigInt(60000000000);
const FIRST = -719162; // 0001-01-01
const LAST = 2932896; // 9999-12-31
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const WEEKDAYS_EN = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const CHINESE = { weekday: new Intl.DateTimeFormat('zh-CN', { weekday: 'short', timeZone: 'UTC' }), month: new Intl.DateTimeFormat('zh-CN', { month: 'short', timeZone: 'UTC' }) };

const pad = (number, width) => String(number).padStart(width, '0');

function monthDays(year, month) {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/* Days since 1970-01-01, counting years from March so that a leap day is the last of its year. */
function countDays(year, month, day) {
  const years = month > 2 ? year : year - 1;
  const months = (month + 9) % 12;
  const leaps = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return years * 365 + leaps + Math.floor((months * 153 + 2) / 5) + day - 1 - 719468;
}

function calendar(days) {
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const months = Math.floor((5 * dayOfYear + 2) / 153);
  const month = months < 10 ? months + 3 : months - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * months + 2) / 5) + 1 };
}

/* +08:00 as 480; null where none is written; a day or more when its parts are out of range. */
function zoneMinutes(zone) {
  if (zone === undefined) return null;
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(4, 6));
  const size = minutes < 60 ? Number(zone.slice(1, 3)) * 60 + minutes : DAY_MINUTES;
  return zone[0] === '-' ? -size : size;
}

/* Nanoseconds of the local day, which may lie before or after it when the text has its own offset; null when no time. */
function nanosOf([hourText, minuteText, secondText, decimals, zone], offset) {
  const [hour, minute, second] = [Number(hourText), Number(minuteText), Number(secondText || 0)];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const shift = zoneMinutes(zone);
  if (shift !== null && Math.abs(shift) >= DAY_MINUTES) return null;
  const minutes = hour * 60 + minute + (shift === null ? 0 : offset - shift);
  return BigInt(minutes) * MINUTE_NANOS + BigInt(second * 1000000000) + BigInt((decimals || '').padEnd(9, '0'));
}

/* Days since 1970 of a date, or of a date and time; null of other texts. */
export function daysOf(text, offset) {
  const match = MOMENT.exec(text);
  if (!match) return null;
  const [year, month, day] = match.slice(1, 4).map(Number);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > monthDays(year, month)) return null;
  const days = BigInt(countDays(year, month, day));
  if (match[4] === undefined) return ratio(days);
  const nanos = nanosOf(match.slice(4), offset);
  return nanos === null ? null : ratio(days * DAY_NANOS + nanos, DAY_NANOS);
}

/* A time of the day as a part of it: noon is 1/2; null of what is no time. */
export function partOfDay(text, offset) {
  const match = CLOCK.exec(text);
  const nanos = match ? nanosOf(match.slice(1), offset) : null;
  return nanos === null ? null : ratio(nanos - floorOf(nanos, DAY_NANOS) * DAY_NANOS, DAY_NANOS);
}

/* The text of a moment with its offset: {text to the millisecond, offset in minutes}. */
export function readMoment(text) {
  const match = MOMENT.exec(text);
  const offset = match && zoneMinutes(match[8]);
  if (!match || offset === null || daysOf(text, offset) === null) throw new RangeError(`not a moment with its offset: ${text}`);
  const clock = `${match[4]}:${match[5]}:${match[6] || '00'}.${(match[7] || '').padEnd(3, '0').slice(0, 3)}`;
  return { text: `${text.slice(0, 10)}T${clock}${spellZone(offset)}`, offset };
}

function spellZone(offset) {
  const size = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}:${pad(size % 60, 2)}`;
}

/* A moment of this device as formulas take it; the offset is the district's, in minutes. */
export function spellNow(date, offset) {
  const local = new Date(date.getTime() + offset * 60000);
  return `${local.toISOString().slice(0, 23)}${spellZone(offset)}`;
}

/* A whole number of days as 2026-11-22; empty outside of the years 1 to 9999. */
export function spellDay(days) {
  if (days < BigInt(FIRST) || days > BigInt(LAST)) return '';
  const { year, month, day } = calendar(Number(days));
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/* Whole days and the milliseconds of the day, rounded half up. */
function split(number) {
  const two = BigInt(2);
  const total = floorOf(two * number.n * DAY_MILLISECONDS + number.d, two * number.d);
  const days = floorOf(total, DAY_MILLISECONDS);
  return [days, Number(total - days * DAY_MILLISECONDS)];
}

function clockOf(rest) {
  const seconds = Math.floor(rest / 1000);
  return { hour: Math.floor(seconds / 3600), minute: Math.floor(seconds / 60) % 60, second: seconds % 60, tick: rest % 1000 };
}

export function spellDays(number, offset) {
  const [days, rest] = split(number);
  const [day, { hour, minute, second, tick }] = [spellDay(days), clockOf(rest)];
  return day && `${day}T${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}.${pad(tick, 3)}${spellZone(offset)}`;
}

/* Days since 1970 in a format of % signs. */
export function formatDays(number, pattern, language) {
  const [days, rest] = split(number);
  if (!spellDay(days)) return '';
  const { year, month, day } = calendar(Number(days));
  const { hour, minute, second, tick } = clockOf(rest);
  const weekday = (((Number(days) + 4) % 7) + 7) % 7;
  const chinese = language.startsWith('zh');
  const signs = {
    Y: pad(year, 4),
    y: pad(year % 100, 2),
    m: pad(month, 2),
    n: String(month),
    b: chinese ? CHINESE.month.format(new Date(Date.UTC(2024, month - 1, 1))) : MONTHS[month - 1],
    d: pad(day, 2),
    e: String(day),
    a: chinese ? CHINESE.weekday.format(new Date(Date.UTC(2024, 8, 1 + weekday))) : WEEKDAYS_EN[weekday], // 1 September 2024 was a Sunday
    H: pad(hour, 2),
    h: String(hour),
    M: pad(minute, 2),
    S: pad(second, 2),
    3: pad(tick, 3),
  };
  return pattern.replace(/%(.)/g, (_, sign) => signs[sign]);
}
