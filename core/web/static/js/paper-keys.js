/* A filled sheet by keyboard alone: one key an answer, Enter for numbers, arrows to go back, F9 or Ctrl+Enter to submit.
 * The page is an ordinary form; this only moves between its fields and presses its buttons. */

const form = document.querySelector('[data-paper-keys]');
// What is asked beside the items (survey-visit.js) comes later and comes and goes: the stops are looked up when one goes on.
const STOPS = '[data-question], .sc-survey-field, .sc-survey-add';
const stops = () => [...form.querySelectorAll(STOPS)].filter((one) => !one.closest('[hidden]'));
const questions = form ? [...form.querySelectorAll('[data-question]')] : [];
const YES_NO = { 1: 'yes', y: 'yes', 2: 'no', n: 'no', 3: 'na', 0: 'na', '-': 'na' };
let digits = ''; // of a rating that is being typed

const radios = (question) => [...question.querySelectorAll('input[type=radio]')];
const isRating = (question) => radios(question).length > 3;
const first = (question) => radios(question).find((one) => one.checked) || question.querySelector('input[type=radio], input[type=number]') || beside.first(question);
const isBad = (question) => question.classList.contains('is-failed');

function tell(part) {
  part.dispatchEvent(new Event('input', { bubbles: true }));
  part.dispatchEvent(new Event('change', { bubbles: true }));
}
/* The questions beside the items: choices by their number, everything else is typed. */
const beside = {
  parts: (field) => [...field.querySelectorAll('input:not([type=radio], [type=checkbox], [type=file], [type=hidden]), select, textarea')].filter((one) => !one.closest('[hidden]')),
  first(field) {
    if (field.matches('.sc-survey-add')) return field;
    const box = field.querySelector('input[type=checkbox]');
    return this.parts(field).find((one) => !one.closest('.sc-survey-choices') && !box) || box || field.querySelector('input[type=file], button');
  },
  /* From the first number to the second, from a choice to the words of "other", else on. */
  goOn(field, part) {
    const parts = this.parts(field);
    const next = parts[parts.indexOf(part) + 1];
    if (next && (parts.includes(part) || !next.value)) { next.focus(); next.select?.(); } else goOn(field);
  },
  key(field, event) {
    const part = event.target;
    const isChoice = part.type === 'radio' || part.type === 'checkbox';
    if (event.key === 'Enter' && field.matches('.sc-survey-field') && part.tagName !== 'BUTTON') { this.goOn(field, part); return true; }
    if (event.key === '-' && field.matches('.sc-survey-add')) { goOn(field); return true; }
    if (!isChoice || !/^[1-9]$/.test(event.key)) return false;
    const chosen = field.querySelectorAll('input[type=radio], input[type=checkbox]')[Number(event.key) - 1];
    if (!chosen) return true;
    chosen.focus({ preventScroll: true });
    chosen.click();
    if (part.type === 'radio') this.goOn(field, chosen);
    return true;
  },
};

function goTo(question) {
  digits = '';
  stops().forEach((one) => one.classList.toggle('is-next', one === question));
  const part = first(question);
  part?.focus({ preventScroll: true });
  part?.select?.();
  question.scrollIntoView({ block: 'nearest' });
}
function goOn(question, step = 1) {
  const order = stops();
  const next = order[order.indexOf(question) + step];
  if (next) goTo(next);
  else if (step > 0) {
    order.forEach((one) => one.classList.remove('is-next'));
    form.querySelector('[data-paper-note]').focus();
  } else form.elements.ended.focus();
}
/* What failed asks for a line of words; all else goes on to the next question. */
function done(question) {
  weigh(question);
  const beside = question.querySelector('[data-beside]');
  if (!isBad(question)) return goOn(question);
  beside.open = true;
  const note = beside.querySelector('textarea');
  note.focus({ preventScroll: true });
  return question.scrollIntoView({ block: 'nearest' });
}
/* Numbers have no button that says whether they fail: the page carries the limits. */
function weigh(question) {
  const box = question.querySelector('[data-limits]');
  if (!box) return;
  const [one, other] = [...box.querySelectorAll('input[type=number]')].map((part) => (part.value === '' ? null : Number(part.value)));
  const { below, beyond, missing } = box.dataset;
  const fails = one !== null && (other === undefined
    ? (below !== undefined && one < Number(below)) || (beyond !== undefined && one >= Number(beyond))
    : other !== null && missing !== undefined && other - one >= Number(missing));
  question.classList.toggle('is-failed', fails);
}
function tick(question, value) {
  const part = radios(question).find((one) => one.value === value);
  if (!part) return false;
  part.checked = true;
  part.focus({ preventScroll: true });
  tell(part);
  return true;
}
function notApplicable(question) {
  const box = question.querySelector('input[type=checkbox]');
  question.querySelectorAll('input[type=number]').forEach((part) => { part.value = ''; });
  box.checked = true;
  tell(box);
  done(question);
}
function number(question, event) {
  const parts = [...question.querySelectorAll('input[type=number]')];
  const at = parts.indexOf(event.target);
  if (event.key === '-') { notApplicable(question); return true; }
  if (event.key === 'Enter' || (event.key === '/' && at === 0 && parts.length > 1)) {
    const box = question.querySelector('input[type=checkbox]');
    if (event.target.value !== '' && box.checked) { box.checked = false; tell(box); }
    if (at === 0 && parts.length > 1) { parts[1].focus(); parts[1].select(); } else done(question);
    return true;
  }
  return false;
}
function rate(question, key) {
  if (key === '-') { if (tick(question, 'na')) done(question); return true; }
  if (key === 'Enter') { digits = ''; done(question); return true; }
  if (!/^\d$/.test(key)) return false;
  digits = digits === '1' && key === '0' ? '10' : key;
  return tick(question, digits);
}
function answer(question, event) {
  if (event.target.type === 'number' || event.target.type === 'checkbox') return number(question, event);
  if (event.target.type !== 'radio') return false;
  if (isRating(question)) return rate(question, event.key);
  const value = YES_NO[event.key.toLowerCase()];
  if (value) { if (tick(question, value)) done(question); return true; }
  if (event.key === 'Enter') { done(question); return true; }
  return false;
}
/* Enter leads from field to field of the head, and from a line of words to the next question. */
function walk(event, question) {
  const part = event.target;
  if (event.key !== 'Enter' || event.shiftKey || part.tagName === 'BUTTON' || part.tagName === 'SUMMARY') return false;
  if (question) { goOn(question); return true; }
  const head = [...form.querySelectorAll('.pa-when input, .pa-when select')];
  const at = head.indexOf(part);
  if (at >= 0 && at < head.length - 1) { head[at + 1].focus(); head[at + 1].select?.(); return true; }
  if (at >= 0 || part.name === 'another' || part.name === 'round') { goTo(stops()[0]); return true; }
  if (part.name === 'note') { document.getElementById('pa-send').focus(); return true; }
  return part.type !== 'file';
}

if (form) {
  form.classList.add('is-live');
  form.addEventListener('keydown', (event) => {
    if (event.isComposing || event.altKey || event.metaKey) return;
    if (event.key === 'F9' || (event.key === 'Enter' && event.ctrlKey)) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (event.ctrlKey) return;
    const question = event.target.closest('[data-question]');
    const field = question ? null : event.target.closest(STOPS);
    const isMove = event.key === 'ArrowDown' || event.key === 'ArrowUp';
    const isWords = event.target.tagName === 'TEXTAREA' || event.target.tagName === 'SELECT';
    const isClock = field && ['date', 'time', 'datetime-local'].includes(event.target.type);
    if ((question || field) && isMove && !isWords && !isClock) {
      event.preventDefault();
      if (question) weigh(question);
      goOn(question || field, event.key === 'ArrowDown' ? 1 : -1);
    } else if (field) {
      if (beside.key(field, event)) event.preventDefault();
    } else if ((question && !isWords && answer(question, event)) || walk(event, question)) event.preventDefault();
  });
  form.addEventListener('focusin', (event) => {
    const question = event.target.closest(STOPS);
    if (question) stops().forEach((one) => one.classList.toggle('is-next', one === question));
  });
  questions.forEach(weigh);
  questions[0]?.querySelector('.no')?.dispatchEvent(new Event('input', { bubbles: true })); // counts what came back
  const missing = questions.find((one) => one.querySelector('.error'));
  if (missing && !form.querySelector('.pa-when .error')) goTo(missing);
  else {
    const head = [...form.querySelectorAll('.pa-when input, .pa-when select')];
    const wrong = head.find((part) => part.getAttribute('aria-invalid'));
    // Person and day are those of the sheet before: what differs is the time.
    (wrong || (form.elements.person.value ? form.elements.began : head[0])).focus();
  }
}
