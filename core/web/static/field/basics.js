/* Small things that every page of the app uses (通用): elements, texts in two languages, ids, moments, distances. */

const frame = document.body.dataset;
const texts = JSON.parse(frame.texts || '{}');
let language = (document.cookie.match(/sancheng_language=(\w+)/) || [])[1] || (/^zh/i.test(navigator.language || 'zh') ? 'zh' : 'en');

export const slug = frame.slug;
export const version = frame.version;
export const isEnglish = () => language === 'en';
export function speak(chosen) {
  if (chosen === 'zh' || chosen === 'en') language = chosen;
  document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN';
}
/** One of `[zh, en]`. */
export const pick = (pair) => (Array.isArray(pair) ? pair[isEnglish() ? 1 : 0] || pair[0] : pair || '');
/** A text by its key, its placeholders filled. */
export const say = (key, values = {}) => pick(texts[key] || [key]).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

/** An element: `el('button.big', {onclick, hidden: true}, 'text', child)`. */
export function el(kind, props = {}, ...kids) {
  const [tag, ...classes] = kind.split('.');
  const made = document.createElement(tag || 'div');
  if (classes.length) made.className = classes.join(' ');
  Object.entries(props || {}).forEach(([name, value]) => {
    if (value === undefined || value === null || value === false) return;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name in made && !name.includes('-') && name !== 'list') made[name] = value;
    else made.setAttribute(name, value === true ? '' : value);
  });
  made.append(...kids.flat().filter((kid) => kid !== null && kid !== undefined && kid !== false));
  return made;
}
export function show(place, ...kids) { place.replaceChildren(...kids.flat().filter(Boolean)); }

/** A UUID of version 7: its beginning is the moment, so that entries sort by when they were made. */
export function newId() {
  const bytes = new Uint8Array(16);
  if (globalThis.crypto?.getRandomValues) crypto.getRandomValues(bytes);
  else bytes.forEach((_, place) => { bytes[place] = Math.floor(Math.random() * 256); });
  let moment = Math.max(Date.now(), newId.last + 1);
  newId.last = moment;
  for (let place = 5; place >= 0; place -= 1) { bytes[place] = moment % 256; moment = Math.floor(moment / 256); }
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
newId.last = 0;

const pad = (n) => String(n).padStart(2, '0');
/** 11月21日 14:05, or 21 Nov 14:05. */
export function moment(at) {
  const then = new Date(at);
  if (Number.isNaN(then.getTime())) return '';
  const clock = `${pad(then.getHours())}:${pad(then.getMinutes())}`;
  return `${day(then)} ${clock}`;
}
export function day(at) {
  const then = at instanceof Date ? at : new Date(`${at}T00:00`);
  if (Number.isNaN(then.getTime())) return '';
  return isEnglish() ? `${then.getDate()} ${then.toLocaleString('en', { month: 'short' })}` : `${then.getMonth() + 1}月${then.getDate()}日`;
}
export const today = () => { const now = new Date(); return `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`; };

/** Metres between two `[longitude, latitude]`, for sorting and for showing. */
export function metres(one, other) {
  const turn = Math.PI / 180;
  const x = (other[0] - one[0]) * turn * Math.cos(((one[1] + other[1]) / 2) * turn);
  const y = (other[1] - one[1]) * turn;
  return Math.round(Math.sqrt(x * x + y * y) * 6371000);
}
export const far = (n) => (n < 1000 ? say('metres', { n }) : say('kilometres', { n: (n / 1000).toFixed(1) }));

/** Where the phone is; null when it does not say. */
export function whereAmI(patience = 8000) {
  if (!navigator.geolocation) return Promise.resolve(null);
  return new Promise((done) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => done({ at: [coords.longitude, coords.latitude], accuracy: Math.round(coords.accuracy) }),
      () => done(null),
      { enableHighAccuracy: true, timeout: patience, maximumAge: 60000 },
    );
  });
}

/** A word at the bottom that goes by itself, with one thing that can be done about it. */
export function toast(text, action, then) {
  document.querySelector('.toast')?.remove();
  const made = el('div.toast', { role: 'status' }, el('span', {}, text));
  const gone = setTimeout(() => made.remove(), action ? 10000 : 4000);
  if (action) made.append(el('button', { type: 'button', onclick: () => { clearTimeout(gone); made.remove(); then(); } }, action));
  document.body.append(made);
}
/** Ask before something that cannot be undone. */
export function confirmed(question, yes) {
  return new Promise((done) => {
    const close = (answer) => { box.remove(); done(answer); };
    const no = el('button.plain', { type: 'button', onclick: () => close(false) }, say('keep'));
    const box = el('div.veil', { role: 'alertdialog', 'aria-modal': 'true', 'aria-label': question, onkeydown: (event) => { if (event.key === 'Escape') close(false); } },
      el('div.ask-box', {}, el('p', {}, question), el('div.pair', {}, no, el('button.danger', { type: 'button', onclick: () => close(true) }, yes))));
    document.body.append(box);
    no.focus();
  });
}
