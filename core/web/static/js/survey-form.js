/* A designed form looked through once, and one place of it: what its formulas say there. Used by survey-model.js. */

import { columns, evaluate, holds, parse, toText } from './formula.js';
import { NOTHING } from './survey-typed.js';

export const OTHER = 'other'; // the choice that or_other adds
export const has = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
export const saidIn = (text, locale) => (text ? (String(locale).startsWith('en') ? text[1] || text[0] : text[0] || text[1]) : '');

/* ---- a form, looked through once ---- */
const known = new WeakMap();

export function lookThrough(shape) {
  if (!known.has(shape)) known.set(shape, study(shape));
  return known.get(shape);
}

function study(shape) {
  const parts = new Map(shape.parts.map((part) => [part.path, part]));
  const inside = new Map([['', []]]);
  const labels = { zh: {}, en: {} };
  shape.parts.forEach((part) => {
    if (part.kind === 'repeat') inside.set(part.path, []);
    const around = part.above.filter((path) => parts.get(path).kind === 'repeat');
    inside.get(around.length ? around[around.length - 1] : '').push(part);
    if (part.kind !== 'field') return;
    ['zh', 'en'].forEach((locale) => {
      labels[locale][part.name] = Object.fromEntries((shape.lists[part.choices] || []).map((one) => [one.name, saidIn(one.label, locale)]));
    });
  });
  return { shape, parts, inside, labels, items: shape.parts.filter((part) => part.question), nodes: new Map() };
}

/* A formula read once; null when it cannot be read here: the server has said so when the form was published. */
export function read(form, column, text) {
  const key = `${column} ${text}`;
  if (!form.nodes.has(key)) {
    let node = null;
    try { node = parse(text, column); } catch { /* hides nothing */ }
    form.nodes.set(key, node);
  }
  return form.nodes.get(key);
}

/* ---- one place ---- */
export class Spot {
  constructor(sheet, part, prefix, at, view, out) {
    this.sheet = sheet;
    this.part = part;
    this.key = part.key;
    this.place = `${prefix}${part.key}`;
    this.at = at;
    this.record = view;
    this.out = out;
    this.given = NOTHING;
    this.other = '';
    this.misfit = null;
    this.rows = 0;
    this.hidden = false;
    this.computed = false;
  }

  /* Where a formula of this place is computed. */
  here(more) {
    const own = has(this.record, this.key) ? this.record[this.key] : '';
    return { ...this.sheet.context, at: this.at, current: own, ...more };
  }

  holds(column, text) {
    const node = read(this.sheet.form, column, text);
    return node ? holds(node, this.here()) : true;
  }

  work(column, text) {
    const node = read(this.sheet.form, column, text);
    return node ? toText(evaluate(node, this.here())) : '';
  }

  required() {
    const { part } = this;
    return Boolean(part.required) && part.type !== 'note' && part.type !== 'calculate' && this.holds('relevant', part.required);
  }

  readOnly() {
    return Boolean(this.part.read_only) && this.holds('relevant', this.part.read_only);
  }

  /* The choices that are on offer here and now, the filter applied. */
  offered() {
    const { part, sheet } = this;
    const all = sheet.form.shape.lists[part.choices] || [];
    const node = part.choice_filter ? read(sheet.form, 'choice_filter', part.choice_filter) : null;
    if (!node) return all;
    const blank = Object.fromEntries(columns(node).map((name) => [name, '']));
    return all.filter((one) => holds(node, this.here({ columns: { ...blank, name: one.name, label: saidIn(one.label, 'zh'), ...one.attributes } })));
  }

  /* A text of the form with the answers that it quotes, such as "you chose ${shop}". */
  said(text, locale = 'zh') {
    const language = String(locale).startsWith('en') ? 'en' : 'zh';
    const shown = { language, choices: this.sheet.form.labels[language] };
    return saidIn(text, language).replace(/\$\{\s*([^}]*?)\s*\}/g, (whole, name) => {
      const node = read(this.sheet.form, 'relevant', `\${${name}}`);
      return node ? toText(evaluate(node, this.here(shown))) : whole;
    });
  }

  get wanted() {
    if (this.part.kind !== 'repeat' || !this.part.count) return null;
    const said = this.work('repeat_count', this.part.count) || '0';
    if (!/^-?[0-9]+$/.test(said)) return null;
    return said.startsWith('-') ? 0 : Number(said);
  }
}
