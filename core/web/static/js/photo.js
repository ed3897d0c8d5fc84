/* The photo box: chosen photos are made small on the device (photo-shrink.js), sent at once, and referred to by the form.
 *
 * What cannot be sent stays in the file input and travels with the form, with what the device says of each beside it; it is
 * tried again as soon as there is a signal, so that no photo is lost for want of one. */

const { prepare, rotated, headersOf, saidOf } = await import(new URL(`photo-shrink.js${new URL(import.meta.url).search}`, import.meta.url).href);
const REFUSED = [400, 413, 415, 422];
const changed = (box) => box.dispatchEvent(new CustomEvent('photo:changed', { bubbles: true }));

/** POST the picture as it is; resolves to {status, body} or {status: 0} without a connection. */
function post(box, photo, onProgress) {
  if (navigator.onLine === false) return Promise.resolve({ status: 0, body: {} });
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open('POST', box.dataset.uploadUrl);
    const headers = { ...headersOf(photo), Accept: 'application/json', 'X-CSRF-Token': box.dataset.csrf };
    Object.entries(headers).forEach(([name, value]) => request.setRequestHeader(name, value));
    request.timeout = 60000;
    request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); };
    request.onloadend = () => {
      let body = {};
      try { body = JSON.parse(request.responseText || '{}'); } catch { /* a page instead of JSON: only the status counts */ }
      done({ status: request.status, body });
    };
    request.send(photo.blob);
  });
}

/* ---- one photo on the page ---- */
function button(box, text, label, work) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.setAttribute('aria-label', label);
  made.onclick = work;
  return made;
}
/** Take a photo off the page; the focus goes on to the next one, or back to where photos are chosen. */
function takeOff(box, item) {
  const next = item.nextElementSibling || item.previousElementSibling;
  const focus = next?.querySelector('.off') || box.querySelector('input[type=file]');
  const held = item.contains(document.activeElement);
  item.remove();
  if (held) focus.focus();
  changed(box);
}
function tile(box, name, onRemove) {
  const item = document.createElement('li');
  const said = document.createElement('span');
  const off = button(box, '×', [box.dataset.remove, name].filter(Boolean).join(' '), () => { onRemove?.(); takeOff(box, item); });
  off.className = 'off';
  item.append(said, off);
  box.querySelector('.sent').append(item);
  return { item, said, off };
}
function show(item, blob, name) {
  item.querySelector('img')?.remove();
  const image = document.createElement('img');
  image.alt = name;
  image.src = URL.createObjectURL(blob);
  image.onload = () => URL.revokeObjectURL(image.src);
  image.onerror = () => { URL.revokeObjectURL(image.src); image.remove(); }; // a kind that only the server can read
  item.prepend(image);
}
function reference(box, item, hash) {
  const hidden = item.querySelector('input[type=hidden]') || document.createElement('input');
  hidden.type = 'hidden';
  hidden.name = box.dataset.name;
  hidden.value = hash;
  item.append(hidden);
}
const failed = (one, text) => { one.said.textContent = text; one.item.classList.add('is-error'); };

/** Put the photos that still have to travel with the form into the file input, and nothing else. */
function carry(box, state) {
  const input = box.querySelector('input[type=file]');
  if (!globalThis.DataTransfer) { if (!state.carried.size) input.value = ''; return; }
  const files = new DataTransfer();
  const photos = [...state.carried].map((one) => one.photo);
  photos.forEach((photo) => files.items.add(photo.blob));
  input.files = files.files;
  let said = box.querySelector('[data-said]');
  if (!said) {
    said = document.createElement('input');
    said.type = 'hidden';
    said.dataset.said = '';
    said.name = `said.${box.dataset.name}`;
    box.append(said);
  }
  said.value = photos.length ? JSON.stringify(photos.map(saidOf)) : '';
}

/* ---- sending ---- */
async function send(box, state, one) {
  const { item, said } = one;
  const bar = document.createElement('progress');
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute('aria-label', box.dataset.sending);
  said.textContent = box.dataset.sending;
  item.append(bar);
  state.carried.delete(one);
  const answer = await post(box, one.photo, (share) => { bar.value = share; });
  bar.remove();
  if (!item.isConnected) return;
  if (answer.status >= 200 && answer.status < 300 && answer.body.sha256) {
    said.textContent = '';
    reference(box, item, answer.body.sha256);
  } else if (REFUSED.includes(answer.status)) {
    failed(one, answer.body.detail || answer.body.title || box.dataset.refused);
  } else {
    said.textContent = box.dataset.waiting;
    state.carried.add(one);
  }
  carry(box, state);
  changed(box);
}
async function turnRound(box, state, one) {
  const turned = await rotated(one.photo).catch(() => null);
  if (!turned || !one.item.isConnected) return;
  one.photo = turned;
  one.item.querySelector('input[type=hidden]')?.remove();
  show(one.item, turned.blob, turned.blob.name);
  await send(box, state, one);
}
async function add(box, state, file) {
  const one = { photo: null };
  Object.assign(one, tile(box, file.name, () => { state.carried.delete(one); carry(box, state); }));
  one.said.textContent = box.dataset.preparing;
  try { one.photo = await prepare(file); } catch { failed(one, box.dataset.refused); return; } // taken away meanwhile
  if (!one.item.isConnected) return;
  show(one.item, one.photo.blob, file.name);
  if (one.photo.width) {
    const turn = button(box, '↻', `${box.dataset.turn} ${file.name}`, () => busy(box, state, () => turnRound(box, state, one)));
    turn.className = 'turn';
    one.item.append(turn);
  }
  await send(box, state, one);
}
/** Work after work, as a phone has memory for one photo at a time; a form that was sent meanwhile goes when all is done. */
function busy(box, state, work) {
  state.running += 1;
  box.setAttribute('aria-busy', 'true');
  state.last = state.last.then(work).catch(() => {}).finally(() => {
    state.running -= 1;
    if (state.running) return;
    box.removeAttribute('aria-busy');
    if (state.wanted) { const { form, by } = state.wanted; state.wanted = null; form.requestSubmit(by); }
  });
}

/* ---- the box ---- */
function keepKnown(box) {
  const known = new Set([...box.querySelectorAll('.sent input[type=hidden]')].map((part) => part.value));
  box.querySelectorAll('.sent > li').forEach((item) => {
    const off = button(box, '×', box.dataset.remove, () => takeOff(box, item));
    off.className = 'off';
    item.append(off);
  });
  JSON.parse(box.dataset.kept || '[]').filter((hash) => hash && !known.has(hash)).forEach((hash) => {
    const { item, said } = tile(box, '');
    said.textContent = box.dataset.sent;
    reference(box, item, hash);
  });
}
function watch(box) {
  box.dataset.ready = '';
  const state = { carried: new Set(), running: 0, wanted: null, last: Promise.resolve() };
  const input = box.querySelector('input[type=file]');
  keepKnown(box);
  const take = () => {
    const room = Number(box.dataset.max) - box.querySelectorAll('.sent > li:not(.is-error)').length;
    const chosen = [...input.files];
    carry(box, state);
    if (chosen.length > room) failed(tile(box, ''), box.dataset.full);
    chosen.slice(0, Math.max(0, room)).forEach((file) => busy(box, state, () => add(box, state, file)));
  };
  input.addEventListener('change', take);
  if (input.files.length) take(); // chosen before this script was there
  window.addEventListener('online', () => {
    if (box.isConnected) [...state.carried].forEach((one) => busy(box, state, () => (state.carried.has(one) ? send(box, state, one) : null)));
  });
  input.form?.addEventListener('submit', (event) => {
    if (!state.running) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    state.wanted = { form: input.form, by: event.submitter };
  }, true);
}

export function watchAll(root) { root.querySelectorAll('[data-photo]:not([data-ready])').forEach(watch); }
