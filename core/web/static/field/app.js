/* The phone app (现场手机端): starts from what the phone keeps, then asks the server; draws the page that the address names. */

import { getMeta, openBase, setMeta } from './db.js';
import { el, isEnglish, say, show, slug, speak, toast } from './basics.js';
import { askJson, fetchBundle, openSession, sendAll } from './sender.js';
import { drawFind } from './find.js';
import { drawHome } from './home.js';
import { countWaiting, drawOutbox } from './outbox.js';
import { drawPatrol, recallPatrol } from './patrol.js';
import { drawVisit } from './visit.js';
import { recall, site, state, takeAlong } from './state.js';
import { keepWorker, lookForNew } from './install.js';
import { keepPictures } from './pictures.js';

const CLOCK = 30000; // ms between two looks at the outbox while the page is open
const main = document.getElementById('app');
const top = document.getElementById('top');
const foot = document.getElementById('foot');
let asked = null; // what the browser offers to install

const base = {
  title(text, under = '') {
    document.title = text;
    const here = location.hash.replace(/^#\/?/, '');
    const back = here ? el('a.back', { href: '#/', 'aria-label': say('back') }, '‹') : null;
    show(top, back, el('div', {}, el('h1', { id: 'title' }, text), under ? el('p', {}, under) : null), el('span.net', { className: `net is-${state.online ? 'on' : 'off'}` }, say(state.online ? 'online' : 'offline')));
  },
  foot(...kids) {
    const acts = kids.filter(Boolean);
    show(foot, acts.length ? el('div.acts', {}, acts) : menu());
    badge();
  },
  go(path) { if (location.hash.replace(/^#/, '') === path || (!path && !location.hash)) draw(); else location.hash = path; },
  reload: () => recall().then(draw),
  send: (hurry) => send(hurry),
  refresh: (isAsked) => refresh(isAsked),
  online: (id) => `/t/${slug}/visit/${id}`,
  // Without an encrypted connection nothing can be kept for a start without signal: the server's own form is the better one.
  // Not for a round: that form knows of none, and what it takes in stands in the open at once.
  visit: (id, round) => (globalThis.isSecureContext || round ? `#/site/${id}${round ? `/${round}` : ''}` : base.online(id)),
  installer() {
    if (asked) return el('button.link', { type: 'button', onclick: () => { asked.prompt(); asked = null; } }, say('install'));
    return null;
  },
  async turnLanguage() {
    await setMeta('language', isEnglish() ? 'zh' : 'en');
    speak(isEnglish() ? 'zh' : 'en');
    draw();
  },
};

function menu() {
  const here = location.hash.replace(/^#\/?/, '').split('/')[0];
  const may = state.me?.may || [];
  const pages = { find: `/t/${slug}/findings/new`, patrol: `/t/${slug}/patrols` };
  const entry = (path, key, extra) => el('a.tab', { href: (!globalThis.isSecureContext && pages[path]) || `#/${path}`, 'aria-current': here === path ? 'page' : null }, el('span', {}, say(key)), extra);
  return el('nav.tabs', { 'aria-label': say('app') }, entry('', 'home'), may.includes('report') ? entry('find', 'findTab') : null, may.includes('report') ? entry('patrol', 'patrol') : null, entry('outbox', 'outbox', el('b.badge', { id: 'badge', hidden: true })));
}
async function badge() {
  const n = await countWaiting();
  const mark = document.getElementById('badge');
  if (mark) { mark.textContent = n ? String(n) : ''; mark.hidden = !n; mark.setAttribute('aria-label', say('waiting')); }
  if (navigator.setAppBadge) navigator.setAppBadge(n).catch(() => {});
}

let turn = 0; // a drawing that took longer than the next one began is never shown
let drawn = null;
async function draw() {
  turn += 1;
  const mine = turn;
  const box = el('div');
  const ifMine = (then) => (...values) => { if (mine === turn) then(...values); };
  const page = { ...base, main: box, title: ifMine(base.title), foot: ifMine(base.foot) };
  const address = location.hash;
  await drawInto(page, address);
  if (mine !== turn) return;
  show(main, box);
  if (drawn !== address) {
    window.scrollTo(0, 0);
    document.querySelector('.toast button')?.parentElement.remove(); // what it would undo is not on this page
  }
  drawn = address;
  document.body.dataset.drawn = address || '#/';
}
async function drawInto(page, address) {
  const [where, id, round, more] = address.replace(/^#\/?/, '').split('/');
  if (!state.bundle) await drawHome(page);
  else if (where === 'site') await openSite(page, id, round);
  else if (where === 'draft') await drawVisit(page, null, id);
  else if (where === 'outbox') await drawOutbox(page);
  else if (where === 'find') await drawFind(page, id === 'at' ? '' : id, id === 'at' ? { site: round, round: more } : null);
  else if (where === 'patrol') drawPatrol(page);
  else await drawHome(page);
}
async function openSite(page, id, round) {
  if (!site(id) && state.online) {
    const answer = await askJson(`/t/${slug}/field/sites/${encodeURIComponent(id)}`);
    if (answer.status === 200) await takeAlong(answer.body);
  }
  await drawVisit(page, id, null, round);
}
/** A new version is there: said in a line that stays until it is tapped. */
function offerNew(take) {
  document.getElementById('fresh')?.remove();
  top.after(el('button.fresh', { id: 'fresh', type: 'button', onclick: (event) => { event.target.disabled = true; take(); } }, say('newVersion')));
}
const isCalm = () => !/^#\/(site|draft|find)/.test(location.hash); // nothing is being filled in that a redraw would disturb

/** Ask who is logged in and what is new; a person's own things are read again when he is another. */
async function refresh(isAsked = false) {
  if (isAsked) toast(say('updating'));
  const session = await openSession(slug);
  state.online = session.status !== 0 && navigator.onLine !== false;
  if (session.status === 200) {
    const before = state.me?.person;
    state.me = session.me;
    if (before && before !== session.me.person) toast(say('otherPerson', { name: session.me.name }));
    await fetchBundle(slug, session.me.person);
  }
  await recall();
  await recallPatrol();
  if (isCalm()) await draw(); else badge();
  if (session.status === 200) { lookForNew(isAsked); keepPictures(); }
  return session.status;
}

let running = null;
async function send(hurry = false) {
  if (running) return running;
  running = sendAll(slug, { hurry, onChange: () => { if (location.hash === '#/outbox') draw(); else badge(); } }).catch(() => 'later');
  const outcome = await running;
  running = null;
  state.login = (await getMeta('login')) || '';
  if (outcome === 'offline') askWorker();
  if (location.hash === '#/outbox') await draw(); else badge();
  return outcome;
}
/** Let the browser send in the background, where it can. */
async function askWorker() {
  try { (await navigator.serviceWorker.ready).sync.register('outbox').catch(() => {}); } catch { /* no background sync here: start, signal and timer do it */ }
}

function listen() {
  addEventListener('hashchange', draw);
  addEventListener('online', () => { state.online = true; refresh().then(() => send(true)); });
  addEventListener('offline', () => { state.online = false; if (isCalm()) draw(); });
  addEventListener('beforeinstallprompt', (event) => { event.preventDefault(); asked = event; if (isCalm()) draw(); });
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') { send(); lookForNew(); } });
  // The page may be closed at once: the browser is asked to see to it before it is tried here.
  document.addEventListener('field:queued', () => { badge(); askWorker(); send(); });
  document.addEventListener('field:track', () => { if (location.hash === '#/patrol') draw(); });
  navigator.serviceWorker?.addEventListener('message', (event) => { if (event.data === 'outbox') recall().then(() => { if (location.hash === '#/outbox') draw(); else badge(); }); });
  setInterval(() => send(), CLOCK); // in the background, too: browsers let such a page do so once a minute
}

async function start() {
  if (!globalThis.indexedDB || !Array.prototype.flat) { show(main, el('p.notice', {}, say(globalThis.indexedDB ? 'oldBrowser' : 'noStore')), el('p', {}, el('a.button', { href: `/t/${slug}/` }, say('fullSite')))); return; }
  try { await openBase(slug); } catch { show(main, el('p.notice', {}, say('noStore')), el('p', {}, el('a.button', { href: `/t/${slug}/` }, say('fullSite')))); return; }
  await recall();
  await recallPatrol();
  listen();
  await draw();
  document.body.dataset.ready = String(Math.round(performance.now()));
  navigator.storage?.persist?.().catch(() => {});
  keepWorker(slug, isCalm, offerNew);
  const status = await refresh();
  if (status === 0) { state.online = false; if (isCalm()) draw(); }
  send(true);
}
start();
