/* What pages do beyond links and forms. Every page works without it; data attributes say where it helps (docs/pages.md). */

const here = new URL(import.meta.url);
/** The address of a file beside this one, with the same version, so that a new release is fetched whole. */
export const beside = (name) => new URL(name + here.search, here).href;
const wide = matchMedia('(min-width: 992px)');
const each = (root, selector, act) => root.querySelectorAll(selector).forEach(act);

/* ---- light and dark ---- */
const isDark = () => getComputedStyle(document.documentElement).colorScheme.includes('dark');
function showLight(button) {
  button.hidden = false;
  button.setAttribute('aria-pressed', String(isDark()));
  const use = button.querySelector('use');
  use.setAttribute('href', use.getAttribute('href').replace(/#.*$/, isDark() ? '#sun' : '#moon'));
}
function switchLight() {
  const next = isDark() ? 'light' : 'dark';
  document.documentElement.setAttribute('data-bs-theme', next);
  try { localStorage.setItem('sc-theme', next); } catch { /* not kept, but switched */ }
  document.cookie = `sancheng_theme=${next}; path=/; max-age=31536000; samesite=lax`; // so that the server sends it before the first paint
  each(document, '[data-theme-switch]', showLight);
  document.dispatchEvent(new CustomEvent('sc:theme'));
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  each(document, '[data-theme-switch]', showLight);
  document.dispatchEvent(new CustomEvent('sc:theme'));
});

/* ---- dialogs and the drawer ---- */
function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || !dialog.showModal) return false;
  dialog.showModal();
  return true;
}
async function openDrawer(href) {
  const drawer = document.getElementById('sc-drawer');
  if (!drawer || !drawer.showModal || !window.htmx) { location.href = href; return; }
  const body = drawer.querySelector('.body');
  drawer.querySelector('.open').href = href;
  body.textContent = drawer.dataset.wait;
  if (!drawer.open) drawer.showModal();
  try {
    await window.htmx.ajax('GET', href, { target: body, select: '#sc-content > *', swap: 'innerHTML' });
    drawer.scrollTop = 0;
  } catch { location.href = href; }
}

document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const hit = (selector) => event.target.closest(selector);
  let it;
  if (event.target instanceof HTMLDialogElement) event.target.close();
  else if (hit('[data-theme-switch]')) switchLight();
  else if ((it = hit('[data-dismiss]'))) it.closest('.sc-toast').remove();
  else if ((it = hit('[data-close]')) && it.closest('dialog')?.open) { event.preventDefault(); it.closest('dialog').close(); }
  else if ((it = hit('[data-dialog]'))) { if (openDialog(it.dataset.dialog)) event.preventDefault(); }
  else if ((it = hit('[data-step]'))) step(it);
  else if ((it = hit('a[data-drawer]'))) { if (wide.matches) { event.preventDefault(); openDrawer(it.href); } }
  else if ((it = hit('tr[data-href]')) && !hit('a, button, input, select, label, summary') && !String(getSelection())) {
    if (it.hasAttribute('data-drawer') && wide.matches) openDrawer(it.dataset.href); else location.href = it.dataset.href;
  }
});

/* ---- filters: a change is a new address, without the empty parts ---- */
document.addEventListener('change', (event) => {
  const form = event.target.form;
  if (form?.matches('[data-autosubmit]') && event.target.matches('select, input[type=date], input[type=checkbox], input[type=radio]')) form.requestSubmit();
});
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.matches('[data-autosubmit]')) {
    each(form, '[name]', (part) => { if (part.value === '') part.disabled = true; });
    setTimeout(() => each(form, '[name]', (part) => { part.disabled = false; }));
  }
  if (form.dataset.draft) keepForAnswer(form.dataset.draft);
});

/* ---- drafts: what is typed stays on this device until the server has taken it ---- */
const draftKey = (name) => `sc-draft:${location.pathname}:${name}`;
const typed = (part) => part.name && part.name !== 'csrf_token' && !['file', 'password', 'submit', 'button'].includes(part.type);
function read(form) {
  return [...form.elements].filter(typed).filter((part) => !['checkbox', 'radio'].includes(part.type) || part.checked).map((part) => [part.name, part.value]);
}
function keep(form) {
  try { localStorage.setItem(draftKey(form.dataset.draft), JSON.stringify(read(form))); } catch { return; }
  each(form, '[data-draft-state]', (said) => { said.hidden = false; });
}
function keepForAnswer(name) {
  try { sessionStorage.setItem('sc-sent', draftKey(name)); } catch { /* the draft then stays until it is sent again */ }
}
/** A form that was sent and does not come back with errors was taken: its draft may go. */
function forgetTaken() {
  try {
    const sent = sessionStorage.getItem('sc-sent');
    sessionStorage.removeItem('sc-sent');
    if (sent && !document.querySelector('form[data-draft] [aria-invalid], form[data-draft] .error, .sc-toast.is-error')) localStorage.removeItem(sent);
  } catch { /* without storage there are no drafts */ }
}
function restore(form) {
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(draftKey(form.dataset.draft))); } catch { return; }
  if (!kept || form.querySelector('[aria-invalid], .error')) return;
  const values = new Map();
  kept.forEach(([name, value]) => values.set(name, [...(values.get(name) || []), value]));
  [...form.elements].filter(typed).forEach((part) => {
    const own = values.get(part.name);
    if (['checkbox', 'radio'].includes(part.type)) part.checked = Boolean(own?.includes(part.value));
    else if (own && part.type !== 'hidden') part.value = own[0];
  });
  each(form, '[data-photo]', (box) => { box.dataset.kept = JSON.stringify(values.get(box.dataset.name) || []); });
  each(form, '[data-draft-state]', (said) => { said.hidden = false; });
}
let waiting = 0;
document.addEventListener('input', (event) => {
  const form = event.target.form;
  if (form?.dataset.draft) { clearTimeout(waiting); waiting = setTimeout(keep, 400, form); }
  each(document, `[data-counter-for="${event.target.id}"]`, count);
  const question = event.target.closest('[data-question]');
  if (question) { judge(question); tally(); }
});

/* ---- characters, steppers, questions of a visit ---- */
function count(counter) {
  const part = document.getElementById(counter.dataset.counterFor);
  const max = part?.maxLength ?? -1;
  if (max < 0) return;
  counter.textContent = `${part.value.length}/${max}`;
  counter.classList.toggle('is-over', part.value.length >= max);
}
function step(button) {
  const part = button.closest('[data-stepper]').querySelector('input');
  if (Number(button.dataset.step) > 0) part.stepUp(); else part.stepDown();
  part.dispatchEvent(new Event('input', { bubbles: true }));
}
function judge(question) {
  const bad = Boolean(question.querySelector('[data-answer="bad"]:checked'));
  const chosen = question.querySelector('input[data-answer][type="radio"]');
  if (chosen) question.classList.toggle('is-failed', bad);
  each(question, '[data-proof]', (proof) => { proof.hidden = chosen ? !bad : false; });
}
/** "12/33, 2 findings" in the foot and the line under the title, from what is answered so far. */
function tally() {
  const all = [...document.querySelectorAll('[data-question]:not([hidden])')]; // a designed form may hide some
  if (!document.querySelector('[data-question]')) return;
  const done = all.filter((q) => q.querySelector('[data-answer]:checked') || [...q.querySelectorAll('[data-answer]:not([type="radio"])')].some((i) => i.value !== ''));
  const bad = all.filter((q) => q.classList.contains('is-failed'));
  each(document, '[data-tally]', (said) => {
    said.textContent = said.dataset.tally.replace('{done}', done.length).replace('{all}', all.length).replace('{bad}', bad.length);
  });
  each(document, 'progress[data-tally-bar]', (bar) => { bar.max = all.length; bar.value = done.length; });
}

/* ---- rows of links that are wider than a phone: bring the current one into sight ---- */
function centre(link) {
  const row = link.closest('nav'), at = link.getBoundingClientRect(), around = row.getBoundingClientRect();
  if (row.scrollWidth > row.clientWidth) row.scrollLeft += at.left - around.left - (around.width - at.width) / 2;
}

/* ---- tables of a report (its template belongs to the edition) that are wider than a phone: the keyboard gets there ---- */
function reach(wrap) {
  const heading = wrap.closest('section')?.querySelector('h2');
  wrap.tabIndex = 0;
  wrap.setAttribute('role', 'region');
  wrap.setAttribute('aria-label', heading?.textContent.trim() || document.title);
}

/* ---- start, and again for whatever htmx brings in ---- */
function enhance(root) {
  each(root, '[data-theme-switch]', showLight);
  each(root, '[data-dismiss], [data-step]', (button) => { button.hidden = false; });
  each(root, 'form[data-draft]:not([data-ready])', (form) => { form.dataset.ready = ''; restore(form); });
  each(root, '[data-counter-for]', count);
  each(root, '.sc-strip [aria-current], .sc-tabs [aria-current]', centre);
  each(root, '[data-question]', judge);
  each(root, '.report .table-responsive', reach);
  tally();
  if (root.querySelector('.chart:not([data-ready])')) import(beside('chart.js')).then((it) => it.drawAll(root));
  if (root.querySelector('[data-photo]:not([data-ready])')) import(beside('photo.js')).then((it) => it.watchAll(root));
  root.querySelector('[data-focus]')?.focus();
}
document.addEventListener('photo:changed', (event) => { if (event.target.closest('form')?.dataset.draft) keep(event.target.closest('form')); });
document.addEventListener('htmx:after:swap', () => enhance(document));
forgetTaken();
enhance(document);
