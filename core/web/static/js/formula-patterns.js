/* Regular expressions of regex(), read and run by ourselves so that server and phone never disagree and no pattern can
   hang a phone: an automaton is walked along the value once. Twin of patterns.py and automaton.py. */

const MAX_PATTERN = 200;
const MAX_VALUE = 2000;
const MAX_STATES = 1000;
const MAX_GROUPS = 20;
const MAX_REPEAT = 1000;
const CLASSES = { d: [[48, 57]], w: [[48, 57], [65, 90], [95, 95], [97, 122]], s: [[9, 13], [32, 32]] };
const CONTROLS = { n: 10, r: 13, t: 9 };
const COUNT = /^\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}/;
const HEX = /^(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))/;
const PUNCTUATION = /^[ -/:-@[-`{-~]$/;

/* A pattern that cannot be used; index counts its characters from 0. */
export class BadPattern extends Error {
  constructor(reason, index, found = '') {
    super(reason);
    Object.assign(this, { reason, index, found });
  }
}

const among = (ranges, negated = false) => ({ kind: 'among', ranges, negated });
const isSingle = ({ ranges }) => ranges.length === 1 && ranges[0][0] === ranges[0][1];
const only = (character) => among([[character.codePointAt(0), character.codePointAt(0)]]);

class Reader {
  constructor(letters) {
    Object.assign(this, { letters, at: 0, groups: 0 });
  }

  get here() {
    return this.letters[this.at] || '';
  }

  said(start, end) {
    return this.letters.slice(start, end).join('');
  }

  whole() {
    const part = this.either();
    if (this.here) throw new BadPattern('pattern_bracket', this.at);
    return part;
  }

  either() {
    const rows = [this.row()];
    while (this.here === '|') {
      this.at += 1;
      rows.push(this.row());
    }
    return rows.length === 1 ? rows[0] : { kind: 'either', rows };
  }

  row() {
    const parts = [];
    while (!['', '|', ')'].includes(this.here)) parts.push(this.repeated(this.atom()));
    return { kind: 'row', parts };
  }

  repeated(part) {
    const start = this.at;
    const bounds = this.bounds();
    if (!bounds) return part;
    if (this.here === '?') this.at += 1;
    if (part.kind === 'edge' || ['*', '+', '?', '{'].includes(this.here)) {
      throw new BadPattern('pattern_repeat', start, this.said(start, this.at + 1));
    }
    return { kind: 'again', part, fewest: bounds[0], most: bounds[1] };
  }

  bounds() {
    const simple = { '*': [0, null], '+': [1, null], '?': [0, 1] };
    if (this.here in simple) {
      this.at += 1;
      return simple[this.letters[this.at - 1]];
    }
    if (this.here !== '{') return null;
    const match = COUNT.exec(this.said(this.at, this.at + 11));
    if (!match) throw new BadPattern('pattern_repeat', this.at, '{');
    const fewest = Number(match[1]);
    const open = match[2] && !match[3];
    const most = match[3] ? Number(match[3]) : fewest;
    if (Math.max(fewest, most) > MAX_REPEAT || (!open && most < fewest)) throw new BadPattern('pattern_repeat', this.at, match[0]);
    this.at += match[0].length;
    return [fewest, open ? null : most];
  }

  atom() {
    const character = this.here;
    if (character === '(') return this.group();
    if (character === '[') return this.set();
    if (character === '\\') return this.escape();
    if ('*+?'.includes(character)) throw new BadPattern('pattern_repeat', this.at, character);
    if ('{}]'.includes(character)) throw new BadPattern('pattern_plain', this.at, character);
    this.at += 1;
    if ('^$'.includes(character)) return { kind: 'edge', sign: character };
    return character === '.' ? among([[10, 10], [13, 13]], true) : only(character);
  }

  group() {
    const start = this.at;
    this.at += 1;
    if (this.here === '?') {
      if (this.said(this.at, this.at + 2) !== '?:') throw new BadPattern('pattern_group', start, this.said(start, start + 3));
      this.at += 2;
    }
    this.groups += 1;
    if (this.groups > MAX_GROUPS) throw new BadPattern('pattern_wide', start);
    const part = this.either();
    if (this.here !== ')') throw new BadPattern('pattern_bracket', start);
    this.at += 1;
    this.groups -= 1;
    return part;
  }

  /* A class such as d, w, s after a backslash, or one character that is written with a backslash. */
  escape() {
    const letter = this.letters[this.at + 1] || '';
    if (letter && 'dwsDWS'.includes(letter)) {
      this.at += 2;
      return among(CLASSES[letter.toLowerCase()], 'DWS'.includes(letter));
    }
    const match = HEX.exec(this.said(this.at + 1, this.at + 6));
    if (match) {
      this.at += 1 + match[0].length;
      const code = parseInt(match[1] || match[2], 16);
      return among([[code, code]]);
    }
    if (!(letter in CONTROLS) && !PUNCTUATION.test(letter)) throw new BadPattern('pattern_escape', this.at, `\\${letter}`);
    this.at += 2;
    return letter in CONTROLS ? among([[CONTROLS[letter], CONTROLS[letter]]]) : only(letter);
  }

  set() {
    const start = this.at;
    this.at += 1;
    const negated = this.here === '^';
    if (negated) this.at += 1;
    const ranges = [];
    while (this.here !== ']') {
      if (!this.here) throw new BadPattern('pattern_set', start, '[');
      ranges.push(...this.setItem());
    }
    if (!ranges.length) throw new BadPattern('pattern_set', start, '[]');
    this.at += 1;
    return among(ranges, negated);
  }

  setItem() {
    const start = this.at;
    const first = this.setAtom();
    // After a class a hyphen is a plain one.
    if (!isSingle(first) || this.here !== '-' || [']', undefined].includes(this.letters[this.at + 1])) return first.ranges;
    this.at += 1;
    const last = this.setAtom();
    const [low, high] = [first.ranges[0], last.ranges[0]];
    if (!isSingle(last) || low[0] > high[0]) throw new BadPattern('pattern_set', start, this.said(start, this.at));
    return [[low[0], high[0]]];
  }

  setAtom() {
    if (this.here === '\\') {
      const start = this.at;
      const found = this.escape();
      if (found.negated) throw new BadPattern('pattern_escape', start, this.said(start, start + 2));
      return found;
    }
    if (this.here === '[' || this.said(this.at, this.at + 2) === '&&') throw new BadPattern('pattern_set', this.at, this.here);
    this.at += 1;
    return only(this.letters[this.at - 1]);
  }
}

const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);

/* How many states a part takes at most. */
function countStates(part) {
  if (part.kind === 'row') return sum(part.parts.map(countStates));
  if (part.kind === 'either') return 1 + sum(part.rows.map(countStates));
  if (part.kind !== 'again') return 1;
  const { most, fewest } = part;
  const forks = most === null ? 1 : most - fewest;
  return Math.max(countStates(part.part), 1) * Math.max(most === null ? fewest + 1 : most, 1) + forks;
}

/* Lay the states of a part before the state `after`, and tell where it begins. State 0 is the end. */
function lay(part, after, states) {
  if (part.kind === 'row') return part.parts.reduceRight((at, one) => lay(one, at, states), after);
  if (part.kind === 'again') return layAgain(part, after, states);
  const state = part.kind === 'either' ? { sign: null, next: part.rows.map((row) => lay(row, after, states)) } : { sign: part, next: [after] };
  return states.push(state) - 1;
}

function layAgain({ part, fewest, most }, after, states) {
  let at = after;
  if (most === null) {
    const fork = { sign: null, next: [] };
    at = states.push(fork) - 1;
    fork.next = [lay(part, at, states), after];
  } else {
    for (let times = fewest; times < most; times += 1) at = states.push({ sign: null, next: [lay(part, at, states), after] }) - 1;
  }
  for (let times = 0; times < fewest; times += 1) at = lay(part, at, states);
  return at;
}

/* All states that can be had without another character. */
function spread(states, reached, start, end) {
  const seen = new Set(reached);
  const waiting = [...seen];
  while (waiting.length) {
    const { sign, next } = states[waiting.pop()];
    if (sign && (sign.kind === 'among' || !(sign.sign === '^' ? start : end))) continue;
    next.filter((one) => !seen.has(one)).forEach((one) => {
      seen.add(one);
      waiting.push(one);
    });
  }
  return seen;
}

const steps = ({ sign }, code) => Boolean(sign) && sign.kind === 'among' && sign.ranges.some(([low, high]) => low <= code && code <= high) !== sign.negated;

const known = new Map();

/* The automaton of a pattern; BadPattern with the place when it cannot be used. */
export function compilePattern(pattern) {
  if (!known.has(pattern)) {
    const letters = Array.from(pattern);
    if (letters.length > MAX_PATTERN) throw new BadPattern('pattern_long', MAX_PATTERN);
    const part = new Reader(letters).whole();
    if (countStates(part) > MAX_STATES) throw new BadPattern('pattern_wide', 0);
    const states = [{ sign: null, next: [] }];
    known.set(pattern, { first: lay(part, 0, states), states });
  }
  return known.get(pattern);
}

/* Whether the whole value fits; a value over 2000 characters never does. */
export function matches({ states, first }, value) {
  const codes = Array.from(value, (character) => character.codePointAt(0));
  if (codes.length > MAX_VALUE) return false;
  let now = spread(states, [first], true, codes.length === 0);
  for (let place = 0; place < codes.length && now.size; place += 1) {
    const reached = [...now].filter((at) => steps(states[at], codes[place])).map((at) => states[at].next[0]);
    now = spread(states, reached, false, place === codes.length - 1);
  }
  return now.has(0);
}
