/* Photos from the phone: shrunk here to 1600 px, sent at once by their SHA-256, referenced by the form afterwards.
 * What cannot be sent stays in the file input and travels with the form, so that no photo is lost for want of a signal. */

const LONGEST = 1600; // px; ours: a shop sign stays readable and a photo stays near 300 kB
const QUALITY = 0.85;

/** The Exif segment of a JPEG with its orientation set to upright: the server wants time and place, then strips them. */
async function exifOf(file) {
  const view = new DataView(await file.slice(0, 131072).arrayBuffer());
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 10 < view.byteLength;) {
    const marker = view.getUint16(at);
    const length = view.getUint16(at + 2);
    if (marker === 0xffe1 && view.getUint32(at + 4) === 0x45786966) {
      if (at + 2 + length > view.byteLength) return null;
      const segment = new Uint8Array(view.buffer.slice(at, at + 2 + length));
      upright(new DataView(segment.buffer));
      return segment;
    }
    if ((marker & 0xff00) !== 0xff00 || marker === 0xffda) return null;
    at += 2 + length;
  }
  return null;
}
function upright(view) {
  const tiff = 10;
  const little = view.getUint16(tiff) === 0x4949;
  const first = tiff + view.getUint32(tiff + 4, little);
  if (first + 2 > view.byteLength) return;
  const entries = view.getUint16(first, little);
  for (let i = 0; i < entries; i += 1) {
    const entry = first + 2 + i * 12;
    if (entry + 12 > view.byteLength) return;
    if (view.getUint16(entry, little) === 0x0112) view.setUint16(entry + 8, 1, little);
  }
}

/** A smaller JPEG of the same picture, upright; the file itself when this device cannot decode it. */
export async function shrink(file) {
  let picture;
  try { picture = await createImageBitmap(file, { imageOrientation: 'from-image' }); } catch { return file; }
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext('2d');
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const drawn = await new Promise((done) => { canvas.toBlob(done, 'image/jpeg', QUALITY); });
  if (!drawn) return file;
  const exif = await exifOf(file).catch(() => null);
  const parts = exif ? [drawn.slice(0, 2), exif, drawn.slice(2)] : [drawn];
  return new File(parts, file.name.replace(/\.\w+$/, '') + '.jpg', { type: 'image/jpeg', lastModified: file.lastModified });
}

/** SHA-256 in hexadecimal, or null where the page is not in a secure context; the server counts for itself anyway. */
async function sha256(file) {
  if (!globalThis.crypto?.subtle) return null;
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  return [...sum].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** POST the picture as it is; resolves to {status, body} or {status: 0} without a connection. */
function post(box, file, hash, onProgress) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open('POST', box.dataset.uploadUrl);
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('X-CSRF-Token', box.dataset.csrf);
    if (hash) request.setRequestHeader('X-Content-SHA256', hash);
    request.timeout = 60000;
    request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); };
    request.onloadend = () => {
      let body = {};
      try { body = JSON.parse(request.responseText || '{}'); } catch { /* a page instead of JSON: only the status counts */ }
      done({ status: request.status, body });
    };
    request.send(file);
  });
}

function tile(box, file) {
  const item = document.createElement('li');
  if (file) {
    const image = document.createElement('img');
    image.alt = file.name;
    image.src = URL.createObjectURL(file);
    image.onload = () => URL.revokeObjectURL(image.src);
    item.append(image);
  }
  const said = document.createElement('span');
  const remove = document.createElement('button');
  remove.type = 'button';
  remove.textContent = '×';
  remove.setAttribute('aria-label', box.dataset.remove);
  item.append(said, remove);
  box.querySelector('.sent').append(item);
  return { item, said, remove };
}
function reference(box, item, hash) {
  const hidden = document.createElement('input');
  hidden.type = 'hidden';
  hidden.name = box.dataset.name;
  hidden.value = hash;
  item.append(hidden);
}
const changed = (box) => box.dispatchEvent(new CustomEvent('photo:changed', { bubbles: true }));

/** Put the files that still have to travel with the form into the file input, and nothing else. */
function carry(box, state) {
  if (!globalThis.DataTransfer) return;
  const files = new DataTransfer();
  state.carried.forEach((file) => files.items.add(file));
  box.querySelector('input[type=file]').files = files.files;
}

async function send(box, state, chosen) {
  const { item, said, remove } = tile(box, chosen);
  const bar = document.createElement('progress');
  bar.max = 1;
  bar.value = 0;
  said.textContent = box.dataset.sending;
  item.append(bar);
  let file = chosen;
  let gone = false;
  remove.onclick = () => { gone = true; state.carried.delete(file); carry(box, state); item.remove(); changed(box); };
  file = await shrink(chosen);
  const answer = await post(box, file, await sha256(file).catch(() => null), (share) => { bar.value = share; });
  bar.remove();
  if (gone) return;
  if (answer.status >= 200 && answer.status < 300 && answer.body.sha256) {
    said.textContent = '';
    reference(box, item, answer.body.sha256);
  } else if ([400, 413, 415, 422].includes(answer.status)) {
    said.textContent = answer.body.detail || answer.body.title || box.dataset.refused;
    item.classList.add('is-error');
  } else {
    said.textContent = box.dataset.waiting;
    state.carried.add(file);
    carry(box, state);
  }
  changed(box);
}

function watch(box) {
  box.dataset.ready = '';
  const state = { carried: new Set(), running: 0, wanted: null };
  const input = box.querySelector('input[type=file]');
  const known = new Set([...box.querySelectorAll('input[type=hidden]')].map((part) => part.value));
  const offerRemoval = (item, button) => { button.onclick = () => { item.remove(); changed(box); }; };
  box.querySelectorAll('.sent > li').forEach((item) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = '×';
    button.setAttribute('aria-label', box.dataset.remove);
    item.append(button);
    offerRemoval(item, button);
  });
  JSON.parse(box.dataset.kept || '[]').filter((hash) => hash && !known.has(hash)).forEach((hash) => {
    const { item, said, remove } = tile(box, null);
    said.textContent = box.dataset.sent;
    reference(box, item, hash);
    offerRemoval(item, remove);
  });
  input.addEventListener('change', async () => {
    const room = Number(box.dataset.max) - box.querySelectorAll('.sent > li:not(.is-error)').length;
    const chosen = [...input.files];
    carry(box, state);
    if (chosen.length > room) { const { item, said, remove } = tile(box, null); said.textContent = box.dataset.full; item.classList.add('is-error'); offerRemoval(item, remove); }
    for (const file of chosen.slice(0, Math.max(0, room))) {
      state.running += 1;
      await send(box, state, file).catch(() => { state.carried.add(file); carry(box, state); });
      state.running -= 1;
    }
    if (!state.running && state.wanted) { const { form, by } = state.wanted; state.wanted = null; form.requestSubmit(by); }
  });
  input.form?.addEventListener('submit', (event) => {
    if (!state.running) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    state.wanted = { form: input.form, by: event.submitter };
  }, true);
}

export function watchAll(root) { root.querySelectorAll('[data-photo]:not([data-ready])').forEach(watch); }
