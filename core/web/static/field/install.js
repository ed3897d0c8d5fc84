/* The service worker's comings and goings (离线安装): kept on a secure page; a new version is told of, and never forced on anybody.
 *
 * It is fetched aside and waits. At a start at which nothing is being filled in it takes over by itself; meanwhile a line says
 * that it is there, and a tap on it takes it. What is begun and what waits to be sent lies in the database: no version loses it. */

import { settled } from './state.js';

const PAUSE = 1800000; // ms between two looks for a new version while the app stays open
let registration = null;
let looked = 0;

/** Register the worker. `isCalm`: nothing is being filled in; `offer(take)` says that a new version is there. */
export async function keepWorker(slug, isCalm, offer) {
  const workers = navigator.serviceWorker;
  if (!workers || !globalThis.isSecureContext) return;
  let isSwitched = !workers.controller; // the first version of all takes nothing from anybody
  let isWanted = false;
  const start = async () => { await settled(); location.reload(); };
  workers.addEventListener('controllerchange', () => {
    if (isSwitched) { isSwitched = false; return; }
    // Another tab may have taken it: what is begun here is not disturbed.
    if (isWanted || isCalm()) start(); else offer(start);
  });
  try { registration = await workers.register(`/t/${slug}/field/worker.js`, { scope: `/t/${slug}/field/` }); } catch { return; }
  looked = Date.now();
  const take = () => {
    isWanted = true;
    if (registration.waiting) registration.waiting.postMessage('take-over'); else start();
  };
  if (registration.waiting && workers.controller && isCalm()) { take(); return; }
  const tell = () => { if (registration.waiting && workers.controller) offer(take); };
  tell();
  registration.addEventListener('updatefound', () => {
    const fresh = registration.installing;
    fresh?.addEventListener('statechange', () => { if (fresh.state === 'installed') tell(); });
  });
}

/** Look whether there is a new version, at most twice an hour. */
export async function lookForNew(isAsked = false) {
  if (!registration || (!isAsked && Date.now() - looked < PAUSE)) return;
  looked = Date.now();
  await registration.update().catch(() => { /* no signal: the next look finds it */ });
}
