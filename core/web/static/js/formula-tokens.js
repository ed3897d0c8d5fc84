/* Cuts the text of a formula into words and signs, each with its place counted from 1. Twin of tokens.py. */

const MAX_LENGTH = 2000;
const START = 'A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u2070-\\u218f\\u2c00-\\u2fef'
  + '\\u3040-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufefe\\u{10000}-\\u{effff}';
const NAME = `[${START}][${START}0-9.\\u00b7\\u0300-\\u036f\\u203f-\\u2040\\-]*`;
const TOKEN = new RegExp(
  `(?<space>[ \\t\\r\\n]+)|(?<number>[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)|(?<word>${NAME}(?::${NAME})?)`
  + `|(?<text>"[^"]*"|'[^']*'|[“”][^"“”]*["“”]|[‘’][^'‘’]*['‘’])|\\$\\{(?<name>[^}]*)\\}|(?<sign><=|>=|!=|\\/\\/|::|\\.\\.|[\\-+*\\/=<>(),|.@\\[\\]])`,
  'uy',
);
const WHOLE_NAME = new RegExp(`^${NAME}$`, 'u');
const REFERENCE = new RegExp(`\\$\\{(${NAME})\\}`, 'u');
const KINDS = ['space', 'number', 'word', 'text', 'name', 'sign'];

/* A formula that cannot be read: position counts from 1, reason is a word that the server knows too. */
export class BadFormula extends Error {
  constructor(reason, position, found = '') {
    super(`${reason} @${position} ${found}`);
    Object.assign(this, { reason, position, found: Array.from(found).slice(0, 40).join('') });
  }
}

export const countLetters = (text) => Array.from(text).length;
export const isName = (text) => WHOLE_NAME.test(text);
export const isSign = (token, ...signs) => token.kind === 'sign' && signs.includes(token.text);

/* The tokens of a formula and an end; BadFormula where a character belongs to none. */
export function cut(text) {
  const total = countLetters(text);
  if (total > MAX_LENGTH) throw new BadFormula('too_long', MAX_LENGTH + 1);
  const found = [];
  let [at, position] = [0, 1];
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) throw stray(text, at, position);
    const kind = KINDS.find((one) => match.groups[one] !== undefined);
    if (kind !== 'space') found.push(makeToken(kind, match, position));
    at += match[0].length;
    position += countLetters(match[0]);
  }
  return [...found, { kind: 'end', text: '', position: total + 1 }];
}

function makeToken(kind, match, position) {
  const said = match.groups[kind];
  if (kind === 'name') {
    if (said.startsWith('last-saved#')) throw new BadFormula('last_saved', position, match[0]);
    if (!isName(said)) throw new BadFormula('bad_name', position, said);
  }
  return { kind, text: kind === 'text' ? said.slice(1, -1) : said, position };
}

/* Why the character at `at` begins nothing. */
function stray(text, at, position) {
  const code = text.codePointAt(at);
  const character = String.fromCodePoint(code);
  if (text.startsWith('${', at)) return new BadFormula('open_name', position, '${');
  if ('"\'“”‘’'.includes(character)) return new BadFormula('open_text', position, character);
  if (isUnseen(code)) return new BadFormula('unseen', position, `U+${code.toString(16).toUpperCase().padStart(4, '0')}`);
  const full = (code >= 0xff01 && code <= 0xff5e) || (code >= 0x2018 && code <= 0x201f) || (code >= 0x3001 && code <= 0x303f);
  return new BadFormula(full ? 'full_width' : 'bad_character', position, character);
}

function isUnseen(code) {
  const between = (low, high) => low <= code && code <= high;
  const control = code < 0x20 || between(0x7f, 0xa0) || [0xad, 0x3000, 0xfeff].includes(code);
  return control || between(0x2000, 0x200f) || between(0x2028, 0x202f) || between(0x2060, 0x206f);
}

/* Where (from 0) the first ${name} stands inside a quoted text, and itself; null when there is none. */
export function findReference(text) {
  const match = REFERENCE.exec(text);
  return match && { at: countLetters(text.slice(0, match.index)), whole: match[0], name: match[1] };
}
