/* The service worker (离线守护): keeps the app's files under a name that changes with them, and sends in the background.
 *
 * The shell and its files come from what was kept, always; a new version is fetched aside and takes over at the next start or
 * when it is asked to (install.js), never in the middle of a visit. Data is never kept here: that is IndexedDB's. KEPT is written in front by the server. */

const SLUG = KEPT.home.split('/')[2];
const PICTURES = `pictures-${SLUG}`; // filled by the page (pictures.js): an address there stands for one content for ever

async function keepAll() {
  const shelf = await caches.open(KEPT.name);
  await Promise.all([KEPT.home, ...KEPT.files].map(async (address) => {
    const answer = await fetch(address, { cache: 'reload', credentials: 'same-origin' });
    // A login page in the place of the shell would stay for good.
    if (!answer.ok || answer.redirected) throw new Error(`${address}: ${answer.status}`);
    await shelf.put(address, answer);
  }));
}
async function dropOld() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith('field-') && name !== KEPT.name);
  const shelves = await Promise.all(old.map((name) => caches.open(name)));
  // Another district's app has shelves of its own: only those with our shell are ours.
  await Promise.all(old.map(async (name, place) => { if (await shelves[place].match(KEPT.home)) await caches.delete(name); }));
}
async function fromShelf(request) {
  const address = new URL(request.url);
  const shelf = await caches.open(KEPT.name);
  const found = await shelf.match(address.pathname);
  return found || fetch(request);
}

async function fromPictures(request) {
  const found = await (await caches.open(PICTURES)).match(request.url);
  return found || fetch(request);
}

self.addEventListener('install', (event) => { event.waitUntil(keepAll()); });
self.addEventListener('activate', (event) => { event.waitUntil(dropOld().then(() => self.clients.claim())); });
self.addEventListener('message', (event) => { if (event.data === 'take-over') self.skipWaiting(); });
self.addEventListener('fetch', (event) => {
  const address = new URL(event.request.url);
  const isOurs = address.origin === self.location.origin && (address.pathname === KEPT.home || KEPT.files.includes(address.pathname));
  if (event.request.method !== 'GET') return;
  if (isOurs) event.respondWith(fromShelf(event.request));
  else if (event.request.destination === 'image' && address.origin === self.location.origin) event.respondWith(fromPictures(event.request));
});
self.addEventListener('sync', (event) => {
  if (event.tag !== 'outbox') return;
  event.waitUntil(openBase(SLUG).then(() => sendAll(SLUG, { hurry: true })).then(async (outcome) => {
    (await self.clients.matchAll()).forEach((page) => page.postMessage('outbox'));
    if (['offline', 'later', 'busy'].includes(outcome)) throw new Error(outcome); // the browser tries again
  }));
});
