/* Reporting on a phone: where the device is, sites by name, and what was reported there already. All of it works without. */

const form = document.getElementById('report');
const places = document.getElementById('places');
const twins = document.getElementById('twins');
const said = (name) => form.elements[name]?.value ?? '';

function query(names) {
  const found = new URLSearchParams();
  names.forEach((name) => { if (said(name)) found.set(name, said(name)); });
  return found;
}
function bring(box, asked) {
  return window.htmx.ajax('GET', `${box.dataset.url}?${asked}`, { target: box, swap: 'innerHTML' });
}

/* ---- what may be the same ---- */
let last = '';
function askTwins() {
  const asked = query(['category', 'site', 'unit', 'longitude', 'latitude', 'source']);
  if (!asked.get('category') || asked.toString() === last) return;
  last = asked.toString();
  bring(twins, asked).then(() => { if (twins.children.length) twins.scrollIntoView({ block: 'nearest' }); });
}

/* ---- where ---- */
let waiting = 0;
function findSites(text) {
  const asked = query(['site']);
  if (text.trim()) asked.set('q', text); else ['longitude', 'latitude'].forEach((name) => { if (said(name)) asked.set(name, said(name)); });
  bring(places, asked);
}
function locate(button) {
  button.disabled = true;
  navigator.geolocation.getCurrentPosition((found) => {
    button.disabled = false;
    form.elements.longitude.value = found.coords.longitude.toFixed(6);
    form.elements.latitude.value = found.coords.latitude.toFixed(6);
    bring(places, query(['longitude', 'latitude'])).then(askTwins);
  }, () => { button.disabled = false; }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
}

/* ---- the same report goes on under the same number after a lost answer ---- */
function keepNumber() {
  let draft = null;
  try { draft = JSON.parse(localStorage.getItem(`sc-draft:${location.pathname}:${form.dataset.draft}`)); } catch { return; }
  const kept = draft && new Map(draft).get('id');
  if (kept && !form.querySelector('.error')) form.elements.id.value = kept;
}

if (form && window.htmx) {
  keepNumber();
  const find = form.querySelector('[data-find]');
  find.hidden = false;
  find.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(findSites, 300, find.value); });
  find.addEventListener('keydown', (event) => { if (event.key === 'Enter') event.preventDefault(); });
  const button = form.querySelector('[data-locate]');
  if (navigator.geolocation && window.isSecureContext) {
    button.hidden = false;
    button.addEventListener('click', () => locate(button));
  }
  form.addEventListener('change', (event) => {
    if (['category', 'site', 'unit', 'source'].includes(event.target.name)) askTwins();
    if (event.target.name === 'category') form.querySelectorAll('.sc-chips input:checked').forEach((one) => { if (one !== event.target) one.checked = false; });
  });
}
