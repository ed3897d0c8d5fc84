/* A visit on a phone, on top of sancheng.js: the visit keeps its number with its draft, numbers show at once whether they
 * open a finding, and only the server's own result page lets the draft go. */

const form = document.getElementById('visit');
const draftOf = (path, name) => `sc-draft:${path}:${name}`;
function readDraft(key) {
  try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
}
function dropDraft(key) {
  try { localStorage.removeItem(key); } catch { /* without storage there are no drafts */ }
}

/* ---- numbers: fewer than needed, more than allowed, too many missing ---- */
const number = (input) => (input && input.value !== '' ? Number(input.value) : null);
function opens(box) {
  const { below, beyond, missing } = box.dataset;
  const inputs = box.querySelectorAll('input[type=number]');
  const first = number(inputs[0]);
  if (first === null) return false;
  if (inputs.length > 1) {
    const second = number(inputs[1]);
    return second !== null && missing !== undefined && second - first >= Number(missing);
  }
  return (below !== undefined && first < Number(below)) || (beyond !== undefined && first >= Number(beyond));
}
function weigh(question) {
  const box = question.querySelector('[data-limits]');
  if (box) question.classList.toggle('is-failed', opens(box));
}
function oneOrOther(part) {
  const box = part.closest('[data-limits]');
  if (!box || (part.type === 'checkbox' ? !part.checked : part.value === '')) return;
  if (part.type !== 'checkbox') box.querySelector('input[type=checkbox]').checked = false;
  else box.querySelectorAll('input[type=number]').forEach((input) => { input.value = ''; });
}

function start() {
  const key = draftOf(location.pathname, form.dataset.draft);
  const found = form.querySelector('[data-draft-found]');
  const draft = readDraft(key);
  const began = draft ? new Map(draft).get('forms') || '' : '';
  const due = (found.dataset.due || '').split(',');
  const here = new URL(location.href);
  if (began.split(',').some((one) => one && !due.includes(one)) && !here.searchParams.has('forms') && !form.querySelector('.error')) {
    // The forms changed since: the draft goes on with those that it was begun with.
    here.searchParams.set('forms', began);
    location.replace(here.href);
    return;
  }
  if (draft && !form.querySelector('.error')) {
    // The same visit goes on under the same number: sent twice it is still one.
    const kept = new Map(draft);
    ['visit_id', 'started_at'].forEach((name) => { if (kept.get(name)) form.elements[name].value = kept.get(name); });
    const begun = new Date(kept.get('started_at'));
    found.querySelector('[data-draft-time]').textContent = Number.isNaN(begun.getTime()) ? '' : begun.toLocaleString(document.documentElement.lang);
    found.hidden = false;
  }
  form.querySelector('[data-draft-drop]').addEventListener('click', () => {
    dropDraft(key);
    here.searchParams.delete('forms');
    location.replace(here.href);
  });

  // Capturing: before sancheng.js counts what has failed.
  document.addEventListener('input', (event) => {
    const question = event.target.closest('[data-question]');
    if (!question) return;
    oneOrOther(event.target);
    weigh(question);
  }, true);
  document.addEventListener('input', (event) => {
    const question = event.target.closest('[data-question]');
    const isAnswer = event.target.matches?.('[data-answer], [data-limits] input');
    if (question?.classList.contains('is-failed') && isAnswer) question.querySelector('[data-beside]').open = true;
  });
  document.addEventListener('submit', (event) => {
    if (event.target !== form || navigator.onLine !== false) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const said = form.querySelector('[data-offline]');
    said.hidden = false;
    said.scrollIntoView({ block: 'center' });
  }, true);
  document.addEventListener('submit', (event) => {
    // A page that could not be reached is no answer; the result page drops the draft instead.
    if (event.target === form) try { sessionStorage.removeItem('sc-sent'); } catch { /* nothing to forget */ }
  });

  // What a draft says of a finding that is closed by now, or from before one was open, is no choice any more: the first is.
  form.querySelectorAll('.sc-deal select').forEach((part) => { if (part.selectedIndex < 0) part.selectedIndex = 0; });
  form.querySelectorAll('[data-question]').forEach((question) => {
    weigh(question);
    if (question.classList.contains('is-failed')) question.querySelector('[data-beside]').open = true;
  });
  form.querySelector('[data-question] .no')?.dispatchEvent(new Event('input', { bubbles: true })); // counts again
}
if (form) start();

document.querySelectorAll('[data-visit-done]').forEach((done) => {
  const key = draftOf(done.dataset.visitPath, done.dataset.visitDraft);
  const draft = readDraft(key);
  if (draft && new Map(draft).get('visit_id') === done.dataset.visitDone) dropDraft(key);
});
