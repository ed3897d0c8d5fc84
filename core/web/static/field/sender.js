/* Sends what waits (发送待发内容): photos first, then the entry that refers to them, each until the server has answered.
 *
 * Runs in the page and in the service worker, never twice at a time. An entry leaves the outbox only by the server's own
 * answer for its id; anything else keeps it, with what was said. The server answers a repetition alike, so that an answer
 * lost on the way costs nothing. */

import { change, erase, getMeta, read, readAll, setMeta, within, write } from './db.js';

const LEASE = 45000; // ms that a sender without navigator.locks holds the turn before another may take it
const SHORTEST = 5000; // ms until the second try; doubled each time
const LONGEST = 600000;
const KEPT_DAYS = 3; // that what was sent is shown
const REFUSED = [403, 404, 409, 410, 413, 415, 422];

/** Milliseconds until the next try after so many: 5 s, 10 s ... 10 min, spread by a fifth so that phones do not come together. */
export const pauseAfter = (tries) => Math.min(LONGEST, SHORTEST * 2 ** Math.max(0, tries - 1)) * (0.9 + Math.random() / 5);

/* ---- one sender at a time ---- */
async function takeLease(owner) {
  let mine = false;
  await within(['meta'], 'readwrite', (of) => {
    const request = of('meta').get('lease');
    request.onsuccess = () => {
      const held = request.result?.value;
      mine = !held || held.owner === owner || held.until < Date.now();
      if (mine) of('meta').put({ key: 'lease', value: { owner, until: Date.now() + LEASE } });
    };
  });
  return mine;
}
const dropLease = (owner) => change('meta', 'lease', (held) => (held?.value?.owner === owner ? { key: 'lease', value: null } : null));

/** Run `work` when no other tab or worker sends; says 'busy' otherwise. */
export async function alone(slug, work) {
  const locks = globalThis.navigator?.locks;
  if (locks) return locks.request(`sancheng-outbox-${slug}`, { ifAvailable: true }, (lock) => (lock ? work(() => true) : 'busy'));
  const owner = `${Date.now()}-${Math.random()}`;
  if (!(await takeLease(owner))) return 'busy';
  try { return await work(() => takeLease(owner)); } finally { await dropLease(owner); }
}

/* ---- asking the server ---- */
async function ask(address, options = {}, patience = 60000) {
  const stop = globalThis.AbortController ? new AbortController() : null;
  const timer = stop && setTimeout(() => stop.abort(), patience);
  try {
    const answer = await fetch(address, { credentials: 'same-origin', cache: 'no-store', redirect: 'manual', signal: stop?.signal, ...options });
    if (answer.type === 'opaqueredirect') return { status: 401, body: {} };
    const is = /\bjson\b/.test(answer.headers.get('Content-Type') || '');
    return { status: answer.status, body: is ? await answer.json() : null, etag: answer.headers.get('ETag') };
  } catch {
    return { status: 0, body: null };
  } finally {
    if (timer) clearTimeout(timer);
  }
}
/** Who is logged in now, kept for the next start; `{status}` without anybody. */
export async function openSession(slug) {
  const answer = await ask(`/t/${slug}/field/session`, {}, 20000);
  if (answer.status === 200 && answer.body?.me) {
    await setMeta('me', answer.body.me);
    await setMeta('login', 'in');
    return { status: 200, ...answer.body };
  }
  if (answer.status === 401) await setMeta('login', 'over');
  return { status: answer.status === 200 ? 0 : answer.status };
}
/** Fetch what the phone takes along; false when it has the same already or there is no answer. */
export async function fetchBundle(slug, person, near) {
  const known = await getMeta(`bundle:${person}`);
  const headers = known?.etag ? { 'If-None-Match': known.etag } : {};
  const answer = await ask(`/t/${slug}/field/bundle${near ? `?near=${near.join(',')}` : ''}`, { headers });
  if (answer.status === 304 && known) await setMeta(`bundle:${person}`, { ...known, at: Date.now() });
  if (answer.status !== 200 || answer.body?.me?.person !== person) return answer.status;
  await setMeta(`bundle:${person}`, { ...answer.body, etag: answer.etag, at: Date.now() });
  return 200;
}
export const askJson = (address) => ask(address, {}, 20000);

/* ---- one entry ---- */
const deviceNow = () => new Date().toISOString();
const told = (answer) => ({ status: answer.status, code: answer.body?.code || '', said: answer.body?.said || answer.body?.detail || '', faults: answer.body?.faults || [] });

async function sendPhoto(slug, session, key, round) {
  const photo = await read('photos', key);
  if (!photo) return { status: 422, body: { code: 'photo_lost', said: '' } };
  if (photo.ref) return { status: 200, ref: photo.ref };
  const headers = { 'Content-Type': photo.type || 'image/jpeg', ...(photo.headers || {}), Accept: 'application/json', 'X-CSRF-Token': session.csrf, 'X-Device-Now': deviceNow() };
  if (photo.sha256) headers['X-Content-SHA256'] = photo.sha256;
  if (round) headers['X-Round'] = round; // of a secret round it is hidden from its arrival on
  const answer = await ask(`/t/${slug}/field/photos`, { method: 'POST', headers, body: photo.bytes }, 120000);
  const ref = answer.body?.sha256;
  if (answer.status < 200 || answer.status > 299 || !ref) return answer.status < 300 ? { status: 0, body: null } : answer;
  await write('photos', { ...photo, ref });
  return { status: 200, ref };
}

/** The body as the server takes it: photos by their hashes instead of this phone's own keys. */
function filled(value, refs) {
  if (Array.isArray(value)) return value.map((one) => filled(one, refs));
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one, refs)]));
  return typeof value === 'string' && refs.has(value) ? refs.get(value) : value;
}

async function sendEntry(slug, session, entry) {
  const refs = new Map();
  for (const key of entry.photos) {
    const answer = await sendPhoto(slug, session, key, entry.body.round_id);
    if (!answer.ref) return answer;
    refs.set(key, answer.ref);
  }
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRF-Token': session.csrf, 'X-Device-Now': deviceNow() };
  const body = JSON.stringify({ ...filled(entry.body, refs), kind: entry.kind, id: entry.id, person_id: entry.person });
  const answer = await ask(`/t/${slug}/field/send`, { method: 'POST', headers, body });
  const isOurs = (answer.status === 200 || answer.status === 201) && answer.body?.id === entry.id;
  return isOurs || answer.status > 299 ? answer : { status: 0, body: null };
}

async function settleEntry(entry, answer) {
  if (answer.status === 200 || answer.status === 201) {
    await change('outbox', entry.id, (now) => now && { ...now, state: 'sent', sent_at: Date.now(), result: answer.body, problem: null, draft: null });
    for (const key of [...entry.photos, ...(entry.spare || [])]) await erase('photos', key);
    return 'sent';
  }
  const tries = (entry.tries || 0) + 1;
  const state = REFUSED.includes(answer.status) ? 'attention' : 'waiting';
  const next_at = Date.now() + pauseAfter(tries);
  await change('outbox', entry.id, (now) => now && { ...now, state, tries, next_at, problem: told(answer) });
  if (state === 'attention') return 'attention';
  return answer.status === 401 ? 'login' : answer.status === 0 ? 'offline' : 'later';
}

/** Drop what was sent some days ago, and take up what a killed browser left in the middle. */
async function tidy() {
  const oldest = Date.now() - KEPT_DAYS * 86400000;
  for (const entry of await readAll('outbox')) {
    if (entry.state === 'sent' && entry.sent_at < oldest) await erase('outbox', entry.id);
    if (entry.state === 'sending') await change('outbox', entry.id, (now) => (now?.state === 'sending' ? { ...now, state: 'waiting' } : null));
  }
}

function isReady(entry, person, all, hurry) {
  if (entry.person !== person || entry.state !== 'waiting') return false;
  const before = entry.needs && all.find((one) => one.id === entry.needs);
  if (before && before.state !== 'sent') return false;
  return hurry || !entry.next_at || entry.next_at <= Date.now();
}

/** Send what waits. Gives 'sent', 'nothing', 'offline', 'login', 'later' or 'busy'; `hurry` does not wait for the next try's time. */
export function sendAll(slug, { hurry = false, onChange = () => {} } = {}) {
  return alone(slug, async (still) => {
    await tidy();
    let all = await readAll('outbox');
    if (!all.some((entry) => entry.state === 'waiting')) return 'nothing';
    let session = await openSession(slug);
    if (session.status !== 200) { onChange(); return session.status === 401 ? 'login' : 'offline'; }
    let outcome = 'nothing';
    const done = new Set();
    let renewed = false;
    for (;;) {
      all = (await readAll('outbox')).sort((one, other) => (one.id < other.id ? -1 : 1));
      const entry = all.find((one) => !done.has(one.id) && isReady(one, session.me.person, all, hurry));
      if (!entry || !(await still())) break;
      done.add(entry.id);
      const mine = await change('outbox', entry.id, (now) => (now?.state === 'waiting' ? { ...now, state: 'sending' } : null));
      if (mine?.state !== 'sending') continue;
      onChange();
      const answer = await sendEntry(slug, session, entry);
      if (answer.status === 400 && answer.body?.code === 'forged_form' && !renewed) {
        renewed = true; // the login was renewed in another tab: ask for its word once more
        await change('outbox', entry.id, (now) => now && { ...now, state: 'waiting' });
        done.delete(entry.id);
        session = await openSession(slug);
        if (session.status !== 200) { outcome = session.status === 401 ? 'login' : 'offline'; break; }
        continue;
      }
      const became = await settleEntry(entry, answer);
      onChange();
      if (became === 'login') await setMeta('login', 'over');
      if (became === 'login' || became === 'offline') { outcome = became; break; }
      outcome = became;
    }
    onChange();
    return outcome;
  });
}
