/* A designed form at work: questions come and go by their conditions, calculations are done, answers are judged at once.
 * The server judges again by the same formulas; a formula that this browser cannot read hides nothing. */

import { evaluate, holds, parse, toText } from './formula.js';

const form = document.querySelector('[data-survey]');
const zone = () => {
  const minutes = -new Date().getTimezoneOffset();
  const two = (part) => String(part).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
};
/** This moment as formulas take it: the clock here with its offset. */
function moment() {
  const here = new Date(Date.now() - new Date().getTimezoneOffset() * 60000);
  return here.toISOString().replace('Z', zone());
}
const nameOf = (part) => part.dataset.part.split('/').pop();

/** What is answered in a part: the words of its controls, chosen ones joined by a blank. */
function answerOf(part) {
  if (part.matches('input')) return part.value;
  const chosen = [...part.querySelectorAll('input[type=radio]:checked, input[type=checkbox]:checked')].map((one) => one.value);
  if (part.querySelector('input[type=radio], input[type=checkbox]')) return chosen.join(' ');
  return part.querySelector('input, textarea')?.value ?? '';
}

const nodes = new Map();
/** A formula read once; null when it cannot be read here. */
function read(text, column) {
  const key = `${column} ${text}`;
  if (!nodes.has(key)) {
    let node = null;
    try { node = parse(text, column); } catch { /* the server has said so when the form was uploaded */ }
    nodes.set(key, node);
  }
  return nodes.get(key);
}

/** Whether a condition holds; ``otherwise`` when it cannot be told. */
function judge(text, column, given, otherwise) {
  const node = read(text, column);
  if (!node) return otherwise;
  try { return holds(node, given); } catch { return otherwise; }
}

/** The answers by name; what is hidden says nothing. */
function gather(parts) {
  const values = {};
  for (const part of parts) {
    if (part.dataset.kind !== 'group' && part.dataset.kind !== 'repeat') values[nameOf(part)] = part.closest('[hidden]') ? '' : answerOf(part);
  }
  return values;
}

function calculate(part, given) {
  const node = read(part.dataset.calculation, 'calculation');
  if (!node) return false;
  const said = toText(evaluate(node, given));
  const changed = part.value !== said;
  part.value = said;
  return changed;
}

/** One pass over all parts; true when something moved that formulas may read. */
function pass(parts) {
  let moved = false;
  for (const part of parts) {
    const given = { now: moment(), values: gather(parts), current: answerOf(part) };
    if (part.dataset.relevant !== undefined) {
      const away = !judge(part.dataset.relevant, 'relevant', given, true);
      if (part.hidden !== away && !part.matches('input')) { part.hidden = away; moved = true; }
    }
    if (part.dataset.calculation !== undefined && part.matches('input')) moved = calculate(part, given) || moved;
  }
  return moved;
}

/** Say beside a question when its answer does not fit. */
function complain(part, values) {
  const said = part.querySelector('[data-survey-error]');
  if (!said) return;
  const current = answerOf(part);
  const given = { now: moment(), values, current };
  const wrong = current !== '' && part.dataset.constraint !== undefined && !judge(part.dataset.constraint, 'constraint', given, true);
  said.hidden = !wrong;
  said.textContent = wrong ? part.dataset.constraintMessage : '';
}

const MOST_PASSES = 40; // a form without circles needs as many as its longest chain

export function settle() {
  const parts = [...form.querySelectorAll('[data-part]')];
  for (let at = 0; at < MOST_PASSES && pass(parts); at += 1) { /* until nothing moves */ }
  const values = gather(parts);
  parts.forEach((part) => complain(part, values));
}

if (form) {
  form.addEventListener('input', settle);
  form.addEventListener('change', settle);
  form.addEventListener('submit', (event) => event.preventDefault());
  settle();
}
