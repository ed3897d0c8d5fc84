/* Photos on the phone (拍照): prepared once, kept as bytes until they are sent, shown as small pictures. */

import { headersOf, prepare } from '../js/photo-shrink.js';
import { erase, read, write } from './db.js';
import { el, newId, say, toast } from './basics.js';

async function hashOf(bytes) {
  if (!globalThis.crypto?.subtle) return null;
  return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Keep a photo; gives its key, or null when it cannot be read or kept. */
export async function keepPhoto(file) {
  let made;
  try { made = await prepare(file); } catch { made = null; }
  if (!made?.blob?.size) { toast(say('photoBad')); return null; }
  const bytes = await made.blob.arrayBuffer();
  const headers = headersOf(made);
  const { takenAt, longitude, latitude, width, height } = made;
  const key = newId();
  try {
    const sha256 = made.sha256 || (await hashOf(bytes));
    await write('photos', { key, bytes, type: made.blob.type || 'image/jpeg', sha256, headers, takenAt, longitude, latitude, width, height });
  } catch {
    toast(say('storeFull'));
    return null;
  }
  return key;
}

/** Small pictures of some photos, each with a button that takes it away. */
export function thumbs(keys, onRemove) {
  const row = el('ul.thumbs');
  keys.forEach(async (key) => {
    const item = el('li');
    row.append(item);
    const photo = await read('photos', key);
    if (!photo) return;
    const address = URL.createObjectURL(new Blob([photo.bytes], { type: photo.type }));
    item.append(el('img', { src: address, alt: say('photos'), onload: () => URL.revokeObjectURL(address) }));
    if (onRemove) item.append(el('button', { type: 'button', 'aria-label': say('removePhoto'), onclick: async () => { await onRemove(key); await erase('photos', key); } }, '×'));
  });
  return row;
}

/** The button that opens the camera. `what` says for whom; `added` gets the key of each photo. */
export function shutter(what, added, { label = say('photo'), big = false, room = () => 9 } = {}) {
  const input = el('input', { type: 'file', accept: 'image/*', capture: 'environment', 'aria-label': say('photoOf', { what }) });
  const button = el(big ? 'label.shutter.big' : 'label.shutter', {}, input, el('span', {}, label));
  input.addEventListener('change', async () => {
    const files = [...input.files];
    input.value = '';
    for (const file of files) {
      if (room() <= 0) { toast(say('photoFull', { n: 9 })); return; }
      button.classList.add('is-busy');
      const key = await keepPhoto(file);
      button.classList.remove('is-busy');
      if (key) await added(key);
    }
  });
  return button;
}
