/* Reads a formula of a form into nodes; everything that cannot be read is a BadFormula with its place. Twin of grammar.py. */

import { readDecimal } from './formula-numbers.js';
import { BadPattern, compilePattern } from './formula-patterns.js';
import { DATE_SIGNS, ELSEWHERE, SIGNATURES, TIME_SIGNS } from './formula-signatures.js';
import { BadFormula, cut, findReference, isName, isSign } from './formula-tokens.js';

const MAX_DEPTH = 60;
const MAX_DIGITS = 300;
const LEVELS = [['or'], ['and'], ['=', '!='], ['<', '<=', '>', '>='], ['+', '-'], ['*', 'div', 'mod']];
const SIGNS = ['=', '!=', '<', '<=', '>', '>=', '+', '-', '*'];
const WORDS = ['and', 'or', 'div', 'mod'];
const SURPLUS = { '|': 'union', '[': 'filter', '/': 'path', '//': 'path', '::': 'path' };

/* The formula as nodes; column is the column of the survey sheet where it stands. */
export function parse(text, column = 'relevant') {
  return new Parser(text, column).whole();
}

class Parser {
  constructor(text, column) {
    Object.assign(this, { column, tokens: cut(text), index: 0, depth: 0 });
  }

  whole() {
    if (this.here.kind === 'end') throw this.fault('empty');
    const node = this.expression();
    if (this.here.kind !== 'end') throw this.fault(this.whySurplus(), this.here, this.here.text);
    return node;
  }

  get here() {
    return this.tokens[this.index];
  }

  get next() {
    return this.tokens[Math.min(this.index + 1, this.tokens.length - 1)];
  }

  is(...signs) {
    return isSign(this.here, ...signs);
  }

  take() {
    this.index += 1;
    return this.tokens[this.index - 1];
  }

  fault(reason, at = this.here, found = '') {
    return new BadFormula(reason, at.position, found);
  }

  whySurplus() {
    return (this.here.kind === 'sign' && SURPLUS[this.here.text]) || 'surplus';
  }

  expression() {
    const operands = [this.signed()];
    const operators = [];
    while (this.is(...SIGNS) || (this.here.kind === 'word' && WORDS.includes(this.here.text))) {
      operators.push(this.take().text);
      operands.push(this.signed());
    }
    return LEVELS.reduceRight((run, level) => bind(run, level), { operands, operators }).operands[0];
  }

  deeper() {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw this.fault('too_deep');
  }

  signed() {
    let signs = 0;
    while (this.is('-')) {
      this.deeper();
      this.take();
      signs += 1;
    }
    let node = this.operand();
    this.depth -= signs;
    for (; signs; signs -= 1) node = { kind: 'minus', operand: node };
    return node;
  }

  operand() {
    const { kind, text } = this.here;
    if (kind === 'number') return this.number();
    if (kind === 'text') return this.quoted();
    if (kind === 'word') return this.word();
    if (kind === 'sign') return this.sign();
    if (kind !== 'name') throw this.fault('operand');
    this.take();
    return { kind: 'name', name: text };
  }

  number() {
    const token = this.take();
    if (token.text.length > MAX_DIGITS) throw this.fault('long_number', token);
    return { kind: 'number', value: readDecimal(token.text) };
  }

  quoted() {
    const token = this.take();
    const found = findReference(token.text);
    if (found) throw new BadFormula('quoted_name', token.position + 1 + found.at, found.whole);
    return { kind: 'text', value: token.text };
  }

  sign() {
    const token = this.here;
    if (token.text === '..') return this.sibling(token);
    if (token.text === '(') return this.bracket();
    if (token.text !== '.') throw this.fault(['/', '//', '@', '*'].includes(token.text) ? 'path' : 'operand', token, token.text);
    this.take();
    if (this.is('/', '//')) throw this.fault('path', token, './');
    return { kind: 'current' };
  }

  bracket() {
    this.deeper();
    this.take();
    const node = this.expression();
    this.close();
    this.depth -= 1;
    return node;
  }

  close() {
    if (!this.is(')')) throw this.fault(this.here.kind === 'end' || this.is(',') ? 'open_bracket' : this.whySurplus(), this.here, this.here.text);
    this.take();
  }

  /* ../name from here on; a longer path is refused. */
  sibling(start) {
    this.take();
    if (!this.is('/', '//')) throw this.fault('parent', start, '..');
    if (this.take().text === '//' || this.here.kind !== 'word' || !isName(this.here.text)) throw this.fault('path', start, '../');
    const name = this.take().text;
    if (this.is('/', '//', '::', '(')) throw this.fault('path', start, `../${name}`);
    return { kind: 'name', name };
  }

  word() {
    const token = this.take();
    if (this.is('(')) return token.text === 'current' ? this.current(token) : this.call(token);
    if (this.is('/', '//', '::')) throw this.fault('path', token, token.text);
    if (WORDS.includes(token.text)) throw this.fault('operand', token, token.text);
    if (this.column === 'choice_filter' && isName(token.text)) return { kind: 'column', name: token.text };
    throw this.fault('bare_name', token, token.text);
  }

  /* current()/. and current()/../name, the long ways of writing . and ${name}. */
  current(start) {
    this.take();
    if (!this.is(')') || !isSign(this.next, '/')) throw this.fault('unsupported_function', start, start.text);
    this.index += 2;
    if (this.is('..') && isSign(this.next, '/')) return this.sibling(start);
    if (!this.is('.') || isSign(this.next, '/', '//')) throw this.fault('path', start, 'current()/');
    this.take();
    return { kind: 'current' };
  }

  call(start) {
    const signature = SIGNATURES.get(start.text);
    if (!signature) throw this.fault(ELSEWHERE.has(start.text) ? 'unsupported_function' : 'unknown_function', start, start.text);
    if (signature.chance && !['calculation', 'default'].includes(this.column)) throw this.fault('chance', start, start.text);
    this.deeper();
    this.take();
    const args = start.text === 'position' ? this.position(start) : this.args(start, signature);
    this.depth -= 1;
    return { kind: 'call', function: start.text, args };
  }

  /* position(..): the only place of .. by itself. */
  position(start) {
    if (!this.is('..') || !isSign(this.next, ')')) throw this.fault('arguments', start, start.text);
    this.index += 2;
    return [];
  }

  args(start, signature) {
    const args = [];
    if (!this.is(')')) {
      args.push(this.argument(start, signature, 0));
      while (this.is(',')) {
        this.take();
        args.push(this.argument(start, signature, args.length));
      }
    }
    this.close();
    const odd = start.text === 'indexed-repeat' && args.length % 2 === 0;
    if (odd || args.length < signature.fewest || args.length > signature.most) throw this.fault('arguments', start, start.text);
    return args;
  }

  argument(start, signature, number) {
    const first = this.here;
    const use = signature.literals[number];
    if (use) return this.literal(start, use);
    const node = this.expression();
    if (signature.references.includes(number) && node.kind !== 'name') throw this.fault('reference', first, start.text);
    if (start.text === 'pow' && number === 1 && node.kind === 'number' && node.value.d !== BigInt(1)) throw this.fault('whole_power', first);
    return node;
  }

  /* A quoted text that is checked here: a pattern, a date format, or the question of jr:choice-name. */
  literal(start, use) {
    const token = ['text', 'name'].includes(this.here.kind) ? this.take() : this.here;
    if (token.kind === 'name' && use === 'question') return { kind: 'name', name: token.text };
    if (token.kind !== 'text' || !(this.is(',', ')') || this.here.kind === 'end')) throw this.fault('literal', token, start.text);
    if (use === 'question') return this.question(start, token);
    if (use === 'pattern') checkPattern(token);
    else checkFormat(token, use === 'date' ? DATE_SIGNS : TIME_SIGNS);
    return { kind: 'text', value: token.text };
  }

  question(start, token) {
    const found = findReference(token.text);
    const name = found && found.whole === token.text ? found.name : token.text;
    if (!isName(name)) throw this.fault('reference', token, start.text);
    return { kind: 'name', name };
  }
}

function checkPattern(token) {
  try {
    compilePattern(token.text);
  } catch (bad) {
    if (!(bad instanceof BadPattern)) throw bad;
    throw new BadFormula(bad.reason, token.position + 1 + bad.index, bad.found);
  }
}

function checkFormat(token, signs) {
  const letters = Array.from(token.text);
  for (let at = letters.indexOf('%'); at >= 0; at = letters.indexOf('%', at + 2)) {
    const sign = letters[at + 1] || '';
    if (!sign || !signs.includes(sign)) throw new BadFormula('date_sign', token.position + 1 + at, `%${sign}`);
  }
}

/* Join the operands that stand on both sides of a level's operators, from left to right. */
function bind({ operands, operators }, level) {
  const kept = { operands: [], operators: [] };
  let [head, rest] = [operands[0], []];
  const settle = () => kept.operands.push(rest.length ? { kind: 'chain', head, rest } : head);
  operators.forEach((operator, number) => {
    const operand = operands[number + 1];
    if (level.includes(operator)) {
      rest.push([operator, operand]);
      return;
    }
    settle();
    kept.operators.push(operator);
    [head, rest] = [operand, []];
  });
  settle();
  return kept;
}
