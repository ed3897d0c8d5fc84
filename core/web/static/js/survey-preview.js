/* A form as a phone shows it: every question works, nothing is kept and nothing is sent. */

import { el } from './survey-elements.js';
import { commonOptions, readData } from './survey-page.js';
import { SurveyView } from './survey-view.js';

const box = document.querySelector('[data-survey]');

/* A photo is shown and forgotten. */
function photo({ label, id, give, describedBy }) {
  const image = el('img.sc-survey-image', { alt: label, hidden: true });
  const input = el('input.form-control', { type: 'file', accept: 'image/*', 'aria-labelledby': `${id}-label`, 'aria-describedby': describedBy });
  input.addEventListener('change', () => {
    const [file] = input.files;
    image.hidden = !file;
    if (file) image.src = URL.createObjectURL(file);
    give(file ? file.name : '');
  });
  return { element: el('div', {}, input, image) };
}

function start() {
  const data = readData(box);
  const answers = {};
  const moved = () => document.querySelectorAll('[data-survey-tally]').forEach((said) => {
    const asked = [...new Set(data.shape.parts.filter((part) => part.question).map((part) => part.question))];
    said.textContent = data.tally.replace('{n}', String(asked.filter((code) => !view.settled.questions.has(code)).length));
  });
  const view = new SurveyView({
    ...commonOptions(data),
    shape: data.shape,
    heading: 2,
    photo,
    answers: () => answers,
    answer: (code, raw) => { if (raw && Object.keys(raw).length) answers[code] = raw; else delete answers[code]; },
    changed: moved,
    context: () => ({ meta: data.meta }),
  });
  box.append(view.whole());
  view.refresh();
  document.addEventListener('focusout', () => view.refresh());
}

if (box) start();
