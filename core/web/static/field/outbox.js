/* What waits to be sent (待发): each entry's state, what the server said, and what can be done; nothing goes by itself. */

import { change, getMeta, read, setMeta, settle } from './db.js';
import { confirmed, day, el, moment, newId, pick, say, show, slug, toast } from './basics.js';
import { discard, mine, outbox, state } from './state.js';

const STATES = { waiting: 'waiting', sending: 'sending', sent: 'wasSent', attention: 'attention' };

/** How many entries wait, of whoever is logged in. */
export async function countWaiting() {
  return mine(await outbox()).filter((one) => one.state !== 'sent').length;
}

export async function drawOutbox(page) {
  page.title(say('outbox'));
  const entries = await outbox();
  const own = mine(entries);
  const others = new Map();
  entries.filter((one) => one.person !== state.me?.person && one.state !== 'sent').forEach((one) => others.set(one.person_name, (others.get(one.person_name) || 0) + 1));
  const asks = state.login === 'over' ? el('div.notice.is-warning', { role: 'alert' }, el('p', {}, say('login')), el('a.button', { href: `/login?next=${encodeURIComponent(`/t/${slug}/field/#/outbox`)}` }, say('loginLink'))) : null;
  const waits = [...others].map(([name, n]) => el('p.notice', {}, say('othersWait', { n, name })));
  const order = { attention: 0, sending: 1, waiting: 2, sent: 3 };
  own.sort((one, other) => order[one.state] - order[other.state]);
  const list = own.length ? el('ul.entries', {}, own.map((one) => line(page, one, entries))) : el('div.calm', {}, el('p', {}, say('outboxEmpty')), el('p.faint', {}, say('outboxEmptyNote')));
  show(page.main, asks, waits, list);
  const any = own.some((one) => one.state === 'waiting');
  page.foot(any && state.login !== 'over' ? el('button.main', { type: 'button', onclick: () => page.send(true) }, say('sendNow')) : null);
}

function title(entry) {
  if (entry.kind === 'visit') return say('visitOf', { name: entry.title });
  if (entry.kind === 'report') return say('reportOf', { name: pick(entry.title) });
  return say({ patrol_start: 'patrolStart', patrol_track: 'patrolTrack', patrol_end: 'patrolEnd' }[entry.kind]);
}

function line(page, entry, all) {
  const dot = el(`span.dot.is-${entry.state}`, {}, say(STATES[entry.state]));
  const meta = [moment(entry.created_at), entry.photos.length ? say('nPhotos', { n: entry.photos.length }) : ''].filter(Boolean).join(' · ');
  return el('li.entry', { id: `e-${entry.id}` }, el('div.entry-head', {}, el('b', {}, title(entry)), dot), el('span.meta', {}, meta),
    entry.state === 'sent' ? result(entry) : null,
    entry.state === 'waiting' ? waiting(entry, all) : null,
    entry.state === 'attention' ? attention(page, entry) : null);
}

function result(entry) {
  const said = entry.result || {};
  const parts = [moment(entry.sent_at)];
  if (entry.kind === 'visit') {
    const n = said.findings?.length || 0;
    parts.push(n ? say('resultFindings', { n }) : '', said.again ? say('resultAgain', { n: said.again }) : '', n || said.again ? '' : say('resultClean'));
    if (said.arrival === 'late') parts.push(say('resultLate', { day: day(said.day) }));
    if (said.arrival === 'undated') parts.push(say('resultUndated', { day: day(said.day) }));
    if (said.not_asked) parts.push(say('resultNotAsked', { n: said.not_asked }));
  }
  if (entry.kind === 'report' && said.number) parts.push(say('resultNumber', { n: said.number }));
  if (said.replayed) parts.push(say('resultReplayed'));
  const address = { visit: 'visits', report: 'findings' }[entry.kind];
  return el('p.meta', {}, parts.filter(Boolean).join(' · '), ' ', address ? el('a', { href: `/t/${slug}/${address}/${entry.id}` }, say('seeResult')) : null);
}

function waiting(entry, all) {
  const before = entry.needs && all.find((one) => one.id === entry.needs);
  if (before && before.state !== 'sent') return el('p.meta', {}, say('needsPatrol'));
  if (!entry.problem) return null;
  const why = entry.problem.status === 0 ? say('noAnswer') : entry.problem.status === 401 ? say('loginLink') : say('serverBusy', { status: entry.problem.status });
  return el('p.meta', {}, [why, say('tries', { n: entry.tries }), say('retryAt', { at: moment(entry.next_at) })].join(' · '));
}

/** What the server refused, and the ways out of it. */
function attention(page, entry) {
  const { status, said, faults } = entry.problem || {};
  const kind = status === 409 ? 'taken' : [404, 410].includes(status) ? 'gone' : 'refused';
  const canMend = entry.draft && kind !== 'gone';
  const button = (key, then, style = 'plain') => el(`button.${style}`, { type: 'button', onclick: then }, say(key));
  const isPatrol = entry.kind.startsWith('patrol');
  // A conflict is said by the server: the number is taken, somebody walks another shift, a round is not open.
  const why = kind === 'taken' && said ? said : [say(kind), kind === 'refused' && said].filter(Boolean).join(say('colon'));
  return el('div.ways', {}, el('p.error', { role: 'alert' }, why),
    faults?.length ? el('ul', {}, faults.slice(0, 8).map((one) => el('li', {}, one.said))) : null,
    isPatrol ? null : el('p.faint', {}, say(`${kind}Note`)),
    el('div.buttons', {},
      canMend ? button('mend', () => mend(page, entry), 'button') : null,
      kind === 'taken' && !isPatrol ? button('asNew', () => again(page, entry, newId())) : button('again', () => again(page, entry, entry.id)),
      button('copy', () => saveCopy(entry)),
      button('discard', () => drop(page, entry), 'danger')));
}

async function mend(page, entry) {
  const told = entry.problem?.status === 422 ? entry.problem.faults : [];
  const draft = { ...entry.draft, id: entry.problem?.status === 409 ? newId() : entry.id, told };
  await settle([['drafts', draft]], [['outbox', entry.id]]);
  page.go(entry.kind === 'report' ? `/find/${draft.id}` : `/draft/${draft.id}`);
}

/** The same once more, or under a number of its own when the old one is taken. */
async function again(page, entry, id) {
  const fresh = { ...entry, id, state: 'waiting', tries: 0, next_at: 0, problem: null };
  if (fresh.draft) fresh.draft = { ...fresh.draft, id };
  if (id === entry.id) await change('outbox', id, () => fresh);
  else await settle([['outbox', fresh]], [['outbox', entry.id]]);
  page.send(true);
}

async function drop(page, entry) {
  if (!(await confirmed(say('discardAsk'), say('discard')))) return;
  if (entry.kind === 'patrol_start') await release(entry);
  await discard(entry);
  page.reload();
}

/** What was found on a patrol that is discarded is sent without it; its track and its end go with it. */
async function release(patrol) {
  for (const one of (await outbox()).filter((entry) => entry.needs === patrol.id)) {
    if (one.kind === 'report') await change('outbox', one.id, (now) => now && { ...now, needs: null, body: { ...now.body, patrol_id: undefined } });
    else await discard(one);
  }
  const walked = await getMeta(`patrol:${patrol.person}`);
  if (walked?.id === patrol.id) await setMeta(`patrol:${patrol.person}`, { ...walked, ended: true, points: [] });
  if (state.patrol?.id === patrol.id) state.patrol = null;
}

const asText = (bytes) => { let found = ''; new Uint8Array(bytes).forEach((byte) => { found += String.fromCharCode(byte); }); return btoa(found); };
/** A copy of everything, with the photos in it, as a file for whoever has to sort it out. */
async function saveCopy(entry) {
  const photos = [];
  for (const key of entry.photos) {
    const photo = await read('photos', key);
    if (photo) photos.push({ key, sha256: photo.sha256, type: photo.type, base64: asText(photo.bytes) });
  }
  const whole = { ...entry, photos };
  const address = URL.createObjectURL(new Blob([JSON.stringify(whole, null, 1)], { type: 'application/json' }));
  el('a', { href: address, download: `${entry.kind}-${entry.id}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
  toast(say('copy'));
}
