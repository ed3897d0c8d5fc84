/* What answers a question, by its type: an element, how it is refreshed, and how it is marked wrong. Used by survey-nodes.js.

   control(node) -> { element, refresh(spot, must), mark(isWrong), isBusy()? } */

import { el, newId } from './survey-elements.js';
import { OTHER } from './survey-form.js';
import { photoControl, placeControl } from './survey-captures.js';

const MANY = 12; // choices in sight; more are a list to open (ours)
const isMinimal = (part) => /\bminimal\b|\bautocomplete\b/.test(part.appearance || '');
const asText = (value) => (value === undefined || value === null || typeof value === 'object' ? '' : String(value));

/* The words that name and explain an input, for whoever does not see it. */
const named = (node, more = {}) => ({ 'aria-labelledby': `${node.id}-label`, 'aria-describedby': node.describedBy(), ...more });

/* Marks an input as wrong, and as one that must be answered. */
function marks(inputs) {
  return {
    mark: (isWrong) => inputs.forEach((one) => (isWrong ? one.setAttribute('aria-invalid', 'true') : one.removeAttribute('aria-invalid'))),
    must: (must) => inputs.forEach((one) => (must ? one.setAttribute('aria-required', 'true') : one.removeAttribute('aria-required'))),
  };
}

/* What is typed, or what is worked out where nothing is typed. */
function current(node, spot) {
  const typed = node.value();
  if (typed !== undefined && typed !== null && typed !== '') return typed;
  return spot.computed ? spot.given.stored : '';
}

function line(node, input, { wrap = input, shown = asText } = {}) {
  const { mark, must } = marks([input]);
  input.addEventListener('input', () => node.give(input.value, true));
  input.addEventListener('change', () => node.left());
  return {
    element: wrap,
    mark,
    refresh: (spot, isMust) => {
      must(isMust);
      const text = shown(current(node, spot));
      if (document.activeElement !== input && input.value !== text) input.value = text;
    },
  };
}

/* ---- texts and numbers ---- */
function text(node) {
  const { part } = node;
  if (/\bnumbers\b/.test(part.appearance || '')) return line(node, el('input.form-control', named(node, { type: 'text', inputMode: 'numeric' })));
  const rows = Number((part.parameters || {}).rows) || (/\bmultiline\b/.test(part.appearance || '') ? 3 : 1);
  const input = el('textarea.form-control', named(node, { rows, maxLength: 10000 }));
  const made = line(node, input);
  const grow = () => { input.rows = Math.max(rows, Math.min(12, input.value.split('\n').length)); };
  input.addEventListener('input', grow);
  return { ...made, refresh: (...all) => { made.refresh(...all); grow(); } };
}

function integer(node) {
  const input = el('input.form-control', named(node, { type: 'text', inputMode: 'numeric', autocomplete: 'off' }));
  const by = (step) => {
    const here = /^\s*-?\d{1,12}\s*$/.test(input.value) ? Number(input.value) : 0;
    input.value = String(here + step);
    node.give(input.value);
  };
  const button = (sign, key, step) => el('button', { type: 'button', 'aria-label': `${node.view.say(key)}`, onclick: () => by(step) }, sign);
  const wrap = el('div.sc-count', {}, button('−', 'survey.less', -1), input, button('+', 'survey.more', 1));
  return line(node, input, { wrap });
}

const decimal = (node) => {
  const input = el('input.form-control', named(node, { type: 'text', inputMode: 'decimal', autocomplete: 'off' }));
  return line(node, input, { wrap: el('div.sc-count', {}, input) });
};

/* The values of a range, when they are few enough to be seen at once. */
function values({ bounds }) {
  const [low, high, step] = bounds.map(Number);
  const count = Math.round((high - low) / step);
  if (count > MANY) return null;
  const decimals = Math.max(...bounds.map((one) => (one.split('.')[1] || '').length));
  return Array.from({ length: count + 1 }, (_, at) => String(Number((low + at * step).toFixed(decimals))));
}

function range(node) {
  const few = values(node.part);
  if (few) return buttons(node, few);
  const made = decimal(node);
  const [low, high] = node.part.bounds;
  made.element.append(el('span.muted', {}, `${low} – ${high}`));
  return made;
}

function buttons(node, few) {
  const name = newId(node.id);
  const inputs = few.map((value) => el('input', { type: 'radio', name, id: newId(node.id), value, onchange: () => node.give(value) }));
  const cells = inputs.map((input) => el('div', {}, input, el('label', { htmlFor: input.id }, input.value)));
  const element = el('div.sc-answers.sc-survey-scale', named(node, { role: 'radiogroup' }), cells);
  return {
    element,
    mark: (isWrong) => marks([element]).mark(isWrong),
    refresh: (spot, must) => {
      marks([element]).must(must);
      const chosen = asText(current(node, spot));
      inputs.forEach((input) => { input.checked = chosen !== '' && Number(input.value) === Number(chosen); });
    },
  };
}

/* ---- days and times ---- */
const cuts = { date: 10, time: 8, 'datetime-local': 19 };
const moment = (type) => (node) => line(node, el('input.form-control.sc-survey-moment', named(node, { type })), {
  shown: (value) => asText(value).slice(0, cuts[type]).replace(/^(.*\d\d:\d\d):00$/, '$1'),
});

/* ---- choices ---- */
const chosenOf = (value) => {
  if (Array.isArray(value)) return value;
  return typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : [];
};

/* Every choice that is on offer, with its label; "other" last. */
function onOffer(node, spot) {
  const { view, part } = node;
  const label = (one) => (one.label ? spot.said(one.label, view.locale) : '') || one.name;
  const found = spot.offered().map((one) => ({ value: one.name, label: label(one), image: one.image ? view.options.picture(one.image) : '' }));
  return part.or_other ? [...found, { value: OTHER, label: view.say('survey.other'), image: '' }] : found;
}

/* The text that "other" asks for. */
function otherText(node) {
  if (!node.part.or_other) return { input: null, show: () => {} };
  const input = el('input.form-control', { type: 'text', maxLength: 10000, 'aria-label': node.view.say('survey.otherText'), placeholder: node.view.say('survey.otherText') });
  input.addEventListener('input', () => node.giveOther(input.value));
  const show = (isShown) => {
    input.hidden = !isShown;
    if (document.activeElement !== input) input.value = node.other();
  };
  return { input, show };
}

function choices(node) {
  const { view, part } = node;
  const isMany = part.type === 'select_multiple';
  const list = el('div.sc-survey-choices', isMany ? {} : named(node, { role: 'radiogroup' }));
  const other = otherText(node);
  const none = el('p.muted', { hidden: true }, view.say('survey.none'));
  const clear = el('button.btn.sc-survey-clear', { type: 'button', hidden: true, onclick: () => node.give('') }, view.say('survey.clear'));
  const name = newId(node.id);
  const inputs = () => [...list.querySelectorAll('input')];
  const take = () => {
    const chosen = inputs().filter((one) => one.checked).map((one) => one.value);
    node.give(isMany ? chosen : chosen[0] || '');
  };
  let drawn = '';
  const draw = (offered) => {
    const now = JSON.stringify(offered);
    if (now === drawn) return;
    drawn = now;
    const held = list.contains(document.activeElement) ? document.activeElement.value : null;
    list.replaceChildren(...offered.map(({ value, label, image }) => el('label.sc-choice', {},
      el('input', { type: isMany ? 'checkbox' : 'radio', name, value, form: `${node.id}-none`, onchange: take, ...(isMany ? { 'aria-describedby': node.describedBy() } : {}) }),
      image ? el('img.sc-survey-thumb', { src: image, alt: '', loading: 'lazy' }) : null, el('span', {}, label))));
    const again = held === null ? null : inputs().find((one) => one.value === held);
    if (again) again.focus();
  };
  return {
    element: el('div', {}, list, none, other.input, clear),
    mark: (isWrong) => marks(isMany ? inputs() : [list]).mark(isWrong),
    refresh: (spot, must) => {
      const offered = onOffer(node, spot);
      draw(offered);
      const chosen = isMany ? chosenOf(current(node, spot)) : [asText(current(node, spot))];
      inputs().forEach((one) => { one.checked = chosen.includes(one.value); });
      if (!isMany) marks([list]).must(must);
      none.hidden = offered.length > 0;
      other.show(chosen.includes(OTHER));
      clear.hidden = isMany || must || !chosen[0];
    },
  };
}

function menu(node) {
  const { view } = node;
  const select = el('select.form-select', named(node));
  const other = otherText(node);
  select.addEventListener('change', () => node.give(select.value));
  const { mark, must } = marks([select]);
  let drawn = '';
  return {
    element: el('div', {}, select, other.input),
    mark,
    refresh: (spot, isMust) => {
      const offered = onOffer(node, spot);
      if (drawn !== JSON.stringify(offered)) {
        drawn = JSON.stringify(offered);
        select.replaceChildren(el('option', { value: '' }, view.say('survey.choose')), ...offered.map(({ value, label }) => el('option', { value }, label)));
      }
      must(isMust);
      const chosen = asText(current(node, spot));
      select.value = offered.some((one) => one.value === chosen) ? chosen : '';
      other.show(chosen === OTHER);
    },
  };
}

function selectOne(node) {
  const all = node.view.options.shape.lists[node.part.choices] || [];
  return isMinimal(node.part) || all.length > MANY ? menu(node) : choices(node);
}

/* ---- how many of how many ---- */
function pair(node) {
  const { view } = node;
  const input = (key) => el('input.form-control', { type: 'text', inputMode: 'numeric', 'aria-label': view.say(key), placeholder: view.say(key), 'aria-describedby': node.describedBy() });
  const [n, m] = [input('survey.matching'), input('survey.checked')];
  const nothing = el('input', { type: 'checkbox', id: newId(node.id) });
  const give = (isTyping) => node.give(n.value || m.value ? { n: n.value, m: m.value } : '', isTyping);
  [n, m].forEach((one) => {
    one.addEventListener('input', () => give(true));
    one.addEventListener('change', () => node.left());
  });
  nothing.addEventListener('change', () => node.give(nothing.checked ? { na: true } : ''));
  const element = el('div.sc-count', named(node, { role: 'group' }), n, el('span.muted', {}, '/'), m,
    el('span.sc-answers.sc-na', {}, nothing, el('label', { htmlFor: nothing.id }, view.say('survey.nothing'))));
  return {
    element,
    mark: marks([n, m]).mark,
    refresh: (spot, must) => {
      marks([n, m]).must(must);
      const value = node.value() || {};
      nothing.checked = value.na === true;
      [[n, value.n], [m, value.m]].forEach(([one, said]) => { if (document.activeElement !== one) one.value = asText(said); });
    },
  };
}

const CONTROLS = {
  text, integer, decimal, range, n_of_m: pair, date: moment('date'), time: moment('time'), dateTime: moment('datetime-local'),
  select_one: selectOne, select_multiple: choices, image: photoControl, geopoint: placeControl,
};

export const control = (node) => (CONTROLS[node.part.type] || text)(node);
