/* The service worker's comings and goings (离线安装): kept on a secure page; a new version takes over when nothing is being filled in. */

/** Register the worker. A version that waits since the last time takes over now, at the start, before anything is begun. */
export async function keepWorker(slug, isCalm) {
  if (!navigator.serviceWorker || !globalThis.isSecureContext) return;
  let registration;
  try { registration = await navigator.serviceWorker.register(`/t/${slug}/field/worker.js`, { scope: `/t/${slug}/field/` }); } catch { return; }
  if (!registration.waiting || !navigator.serviceWorker.controller || !isCalm()) return;
  let isTaken = false;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (isTaken || !isCalm()) return;
    isTaken = true;
    location.reload();
  });
  registration.waiting.postMessage('take-over');
}
