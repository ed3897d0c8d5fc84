/* An item of a checklist as it is asked on a visit: yes, no or not applicable; a count; marks from 0 to 10; how many of how many.

   For the preview, where the form alone is at hand; visits have their own lists of items. Used by survey-nodes.js. */

import { el, newId } from './survey-elements.js';
import { saidIn } from './survey-form.js';

/* Buttons of which one is chosen; options are [answer, words, class or '']. */
function oneOf(node, options, extra) {
  const name = newId(node.id);
  const cells = options.map(([answer, words, kind]) => {
    const input = el('input', { type: 'radio', name, id: newId(node.id), className: kind, onchange: () => node.give(answer) });
    return { answer, input, cell: el('div', {}, input, el('label', { htmlFor: input.id }, words)) };
  });
  const element = el(`div.sc-answers${extra}`, { role: 'radiogroup', 'aria-labelledby': `${node.id}-label` }, cells.map(({ cell }) => cell));
  const refresh = () => {
    const given = JSON.stringify(node.value() || null);
    cells.forEach(({ answer, input }) => { input.checked = JSON.stringify(answer) === given; });
  };
  return { element, refresh, mark: () => {} };
}

/* One number or two, and a box for "not applicable". */
function numbers(node, fields) {
  const { view } = node;
  const inputs = fields.map(([, label]) => el('input.form-control', { type: 'number', inputMode: 'numeric', min: 0, step: 1, 'aria-label': label, placeholder: fields.length > 1 ? label : '' }));
  const none = el('input', { type: 'checkbox', id: newId(node.id), className: 'is-skip' });
  const skip = view.say('survey.notApplicable');
  const give = () => {
    const found = {};
    fields.forEach(([key], at) => { if (inputs[at].value !== '') found[key] = Number(inputs[at].value); });
    none.checked = false;
    node.give(found, true);
  };
  inputs.forEach((input) => input.addEventListener('input', give));
  none.addEventListener('change', () => node.give(none.checked ? { na: true } : {}));
  const between = fields.length > 1 ? [inputs[0], el('span.muted', {}, '/'), inputs[1]] : inputs;
  const element = el('div.sc-count', { role: 'group', 'aria-labelledby': `${node.id}-label` }, between, el('span.sc-answers.sc-na', {}, none, el('label', { htmlFor: none.id }, skip)));
  const refresh = () => {
    const given = node.value() || {};
    none.checked = given.na === true;
    fields.forEach(([key], at) => { if (document.activeElement !== inputs[at]) inputs[at].value = given[key] === undefined ? '' : String(given[key]); });
  };
  return { element, refresh, mark: () => {} };
}

export function itemControl(node) {
  const { part, view } = node;
  if (part.type === 'select_one') {
    const answers = { yes: { yes: true }, no: { yes: false }, na: { na: true } };
    const words = { yes: 'survey.yes', no: 'survey.no', na: 'survey.notApplicable' };
    const list = view.options.shape.lists[part.choices] || [];
    const named = (key) => { const found = list.find((one) => one.name === key); return (found && saidIn(found.label, view.locale)) || view.say(words[key]); };
    const options = Object.keys(answers).map((key) => [answers[key], named(key), key === 'na' ? 'is-skip' : '']);
    return oneOf(node, options, '');
  }
  if (part.type === 'range') {
    const marks = Array.from({ length: 11 }, (_, rating) => [{ rating }, String(rating), '']);
    return oneOf(node, [...marks, [{ na: true }, view.say('survey.notApplicable'), 'is-skip']], '.sc-rating');
  }
  if (part.type === 'n_of_m') return numbers(node, [['n', view.say('survey.matching')], ['m', view.say('survey.checked')]]);
  return numbers(node, [['count', view.say('survey.amount')]]);
}
