/* The buttons of an answer (作答): yes and no, eleven for a rating, a stepper for numbers, always "not applicable". */

import { el, say } from './basics.js';

const whole = (text) => (text === '' || !/^\d{1,6}$/.test(text) ? undefined : Number(text));

function choices(question, options, current, give) {
  const buttons = options.map(([value, text, answer, kind]) => el(`button.choice.is-${kind}`, { type: 'button', onclick: () => give(current(answer) ? null : answer) }, text));
  const element = el(question.type === 'rating10' ? 'div.answers.rating' : 'div.answers', { role: 'group', 'aria-label': say('count') }, buttons);
  const refresh = () => buttons.forEach((button, place) => button.setAttribute('aria-pressed', String(current(options[place][2]))));
  return { element, refresh };
}

function numbers(question, read, give) {
  const fields = question.type === 'count' ? [['count', say('count')]] : [['n', say('matching')], ['m', say('checked')]];
  const inputs = fields.map(([name, label]) => el('input', { type: 'number', inputMode: 'numeric', min: 0, step: 1, 'aria-label': label, placeholder: fields.length > 1 ? label : '', oninput: take, name }));
  function take() {
    const found = Object.fromEntries(fields.map(([name], place) => [name, whole(inputs[place].value)]).filter(([, value]) => value !== undefined));
    give(Object.keys(found).length ? found : null);
  }
  const step = (by) => { const now = whole(inputs[0].value) || 0; inputs[0].value = String(Math.max(0, now + by)); take(); };
  const na = el('button.choice.is-skip', { type: 'button', onclick: () => give(read()?.na ? null : { na: true }) }, say('na'));
  const none = el('button.choice', { type: 'button', onclick: () => give({ count: 0 }) }, say('none'));
  const parts = question.type === 'count'
    ? [none, el('button.step', { type: 'button', 'aria-label': say('less'), onclick: () => step(-1) }, '−'), inputs[0], el('button.step', { type: 'button', 'aria-label': say('plus'), onclick: () => step(1) }, '+'), na]
    : [inputs[0], el('span.of', {}, '/'), inputs[1], na];
  const refresh = () => {
    const answer = read() || {};
    fields.forEach(([name], place) => {
      const value = answer[name] === undefined ? '' : String(answer[name]);
      if (document.activeElement !== inputs[place] || value === '') inputs[place].value = value;
    });
    na.setAttribute('aria-pressed', String(!!answer.na));
    none.setAttribute('aria-pressed', String(answer.count === 0));
  };
  return { element: el('div.answers.numbers', { role: 'group', 'aria-label': say('count') }, parts), refresh };
}

/** The answer of one question: its element, and how it is drawn again. */
export function answerRow(question, read, give) {
  const kind = (value) => question.kinds[String(value)] || 'good';
  const skip = ['na', say('na'), { na: true }, 'skip'];
  if (question.type === 'yes_no') {
    const is = (answer) => !!read() && (answer.na ? !!read().na : read().yes === answer.yes);
    return choices(question, [['yes', say('yes'), { yes: true }, kind('yes')], ['no', say('no'), { yes: false }, kind('no')], skip], is, give);
  }
  if (question.type === 'rating10') {
    const is = (answer) => !!read() && (answer.na ? !!read().na : read().rating === answer.rating);
    const marks = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((rating) => [rating, String(rating), { rating }, kind(rating)]);
    return choices(question, [...marks, skip], is, give);
  }
  return numbers(question, read, give);
}
