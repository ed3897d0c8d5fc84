/* Illustrations on the phone (示范图): fetched with what is taken along, those that are needed first, and shown without signal.
 *
 * They lie in a cache of their own, which the worker reads; at most 30 MB of them, none on a connection that saves data. An address
 * stands for one content for ever (core/web/forms/pictured.py), so nothing is ever fetched twice. */

import { el, pick, say, slug } from './basics.js';
import { getMeta, setMeta } from './db.js';
import { state } from './state.js';

const SHELF = `pictures-${slug}`;
const MOST = 30 * 1024 * 1024; // bytes that the pictures of one district may take (ours)
const TOGETHER = 3; // fetched at a time: the rest of the app goes first

/** The address of a picture by a file name, an item's code or a question's code; '' when there is none. */
export const pictureOf = (name) => (name && state.bundle?.pictures?.[name] ? pick(state.bundle.pictures[name]) : '');

/* What a form names for its fields and choices. */
const namesIn = (survey) => [...survey.parts.flatMap((part) => part.image || []), ...Object.values(survey.lists).flatMap((list) => list.map((one) => one.image))];

/** The addresses in the order in which they are needed: stops of rounds, then the other sites as they stand. */
function wanted(bundle) {
  const known = new Map(bundle.sites.map((one) => [one.id, one.plan]));
  const plans = new Set([...bundle.stops.map((one) => known.get(one.site)), ...known.values()].filter(Boolean));
  const names = [...plans].map((key) => bundle.plans[key]).filter(Boolean).flatMap((plan) => [
    ...plan.groups.flatMap((group) => group.questions.map((key) => bundle.questions[key]?.code)),
    ...plan.forms.flatMap((sha256) => (bundle.forms[sha256]?.survey ? namesIn(bundle.forms[sha256].survey) : [])),
  ]);
  return [...new Set(names.filter(Boolean).flatMap((name) => bundle.pictures[name] || []))];
}

let running = false;
/** Keep the pictures of what was taken along; what is not needed any more, or is too much, goes. */
export async function keepPictures() {
  const { bundle } = state;
  if (running || !globalThis.caches || !globalThis.isSecureContext || !bundle?.pictures) return;
  running = true;
  try { await fill(wanted(bundle)); } catch { /* no room, or no signal: they are fetched another time */ } finally { running = false; }
}

async function fill(addresses) {
  const shelf = await caches.open(SHELF);
  const sizes = (await getMeta('pictures')) || {};
  const isThrifty = Boolean(navigator.connection?.saveData);
  const kept = {};
  let room = MOST;
  const take = (address, size) => {
    if (size > room) return false;
    room -= size;
    kept[address] = size;
    return true;
  };
  const missing = [];
  for (const address of addresses) {
    if (address in sizes && (await shelf.match(address))) take(address, sizes[address]); else missing.push(address);
  }
  while (missing.length && !isThrifty && room > 0) {
    await Promise.all(missing.splice(0, TOGETHER).map(async (address) => {
      const answer = await fetch(address, { credentials: 'same-origin' });
      if (!answer.ok || answer.redirected || !/^image\//.test(answer.headers.get('Content-Type') || '')) return;
      const { size } = await answer.clone().blob();
      if (take(address, size)) await shelf.put(address, answer);
    }));
    await setMeta('pictures', kept);
  }
  for (const request of await shelf.keys()) {
    const { pathname, search } = new URL(request.url);
    if (!(`${pathname}${search}` in kept)) await shelf.delete(request);
  }
  await setMeta('pictures', kept);
}

/** A small picture that a tap makes large; nothing where there is none, or it cannot be shown. */
export function figure(name, label) {
  const address = pictureOf(name);
  if (!address) return null;
  const button = el('button.figure', { type: 'button', 'aria-label': say('survey.illustration', { label }), onclick: () => enlarge(address, label) });
  button.append(el('img', { src: address, alt: '', loading: 'lazy', onerror: () => button.remove() }));
  return button;
}

export function enlarge(address, label) {
  const close = () => box.remove();
  const box = el('div.veil', { role: 'dialog', 'aria-modal': 'true', 'aria-label': label, onclick: close, onkeydown: (event) => { if (event.key === 'Escape') close(); } },
    el('div.shown', {}, el('img', { src: address, alt: label }), el('p', {}, label), el('button.plain', { type: 'button', onclick: close }, say('close'))));
  document.body.append(box);
  box.querySelector('button').focus();
}
