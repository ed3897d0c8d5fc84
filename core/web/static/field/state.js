/* What the app knows (当前状态): who, his bundle, his drafts; everything is read from the phone first. */

import { erase, getMeta, read, readAll, setMeta, settle, write } from './db.js';
import { newId, say, slug, speak, toast } from './basics.js';
import { entryPhotos } from './entries.js';

export const state = { me: null, login: '', bundle: null, online: navigator.onLine !== false, where: null };

/** Read who was here last and what he took along. */
export async function recall() {
  state.me = (await getMeta('me')) || null;
  state.login = (await getMeta('login')) || '';
  state.bundle = state.me ? (await getMeta(`bundle:${state.me.person}`)) || null : null;
  const chosen = await getMeta('language');
  speak(chosen || state.me?.locale);
}
export const site = (id) => state.bundle?.sites.find((one) => one.id === id);

/** Put sites that were found online beside those taken along. */
export async function takeAlong(found) {
  const bundle = state.bundle;
  if (!bundle || !found?.sites) return;
  ['plans', 'questions', 'forms', 'pictures'].forEach((name) => { bundle[name] = { ...bundle[name], ...found[name] }; });
  found.sites.forEach((one) => {
    bundle.sites = bundle.sites.filter((known) => known.id !== one.id);
    bundle.sites.push(one);
  });
  await setMeta(`bundle:${state.me.person}`, { ...bundle, etag: null });
}

/** The groups and questions of a site, whole, as they are now: a draft keeps them however the forms change. */
export function planOf(one) {
  const { plans, questions, forms } = state.bundle;
  const plan = plans[one.plan];
  if (!plan) return null;
  return {
    forms: plan.forms.map((sha256) => ({ sha256, ...forms[sha256] })),
    groups: plan.groups.map((group) => ({ title: group.title, questions: group.questions.map((key) => questions[key]) })),
  };
}

/* ---- drafts ---- */
const isMine = (one) => one.person === state.me?.person;
export const drafts = async () => (await readAll('drafts')).filter(isMine);
export const outbox = async () => (await readAll('outbox')).sort((one, other) => (one.id < other.id ? 1 : -1));
export const mine = (entries) => entries.filter(isMine);
export const draft = async (id) => { const found = await read('drafts', id); return found && isMine(found) ? found : null; };

let saving = Promise.resolve();
/** Keep a draft; writes follow each other, so that the last tap stands. */
export function keepDraft(one) {
  const copy = JSON.parse(JSON.stringify({ ...one, updated_at: new Date().toISOString() }));
  saving = saving.then(() => write('drafts', copy)).catch(() => toast(say('notSaved')));
  return saving;
}
/** Wait until everything that was tapped is kept. */
export const settled = () => saving;
export async function dropDraft(one) {
  await saving;
  await settle([], [['drafts', one.id], ...photosOf(one).map((key) => ['photos', key])]);
}
export const photosOf = (one) => { const { shown, hidden } = entryPhotos(one); return [...Object.values(one.photos || {}), ...Object.values(one.after || {}), ...shown, ...hidden].flat(); };

/** Put an entry into the outbox, and its draft out of the way, in one write. */
export async function queue(entry, draftId) {
  await saving;
  const whole = { id: newId(), person: state.me.person, person_name: state.me.name, slug, created_at: new Date().toISOString(), state: 'waiting', tries: 0, photos: [], ...entry };
  await settle([['outbox', JSON.parse(JSON.stringify(whole))]], draftId ? [['drafts', draftId]] : []);
  document.dispatchEvent(new Event('field:queued'));
  return whole;
}
export async function discard(entry) {
  for (const key of [...(entry.photos || []), ...(entry.spare || [])]) await erase('photos', key);
  await erase('outbox', entry.id);
}
