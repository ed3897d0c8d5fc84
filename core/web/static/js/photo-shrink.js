/* A photo made ready to leave the phone: upright, small, clean, with what it said of time and place.
 *
 * prepare(file) -> {blob, sha256, takenAt, longitude, latitude, deviceAt, deviceLongitude, deviceLatitude, accuracy, width, height}
 * headersOf(prepared), saidOf(prepared) -> what goes with its bytes to the server; rotated(prepared) -> turned. See docs/photos.md. */

const beside = (name) => new URL(`${name}${new URL(import.meta.url).search}`, import.meta.url).href;
const { readPhoto, segmentOf } = await import(beside('photo-read.js'));

const LONGEST = 1920; // px; ours: a shop sign across the street stays readable
const QUALITY = 0.82;
const LEAST_QUALITY = 0.62; // below it the picture is made smaller instead: blocks hide more than missing pixels
export const MOST_BYTES = 880000; // with its headers every photo leaves under 900 kB
// One row of two pixels that stands upright when the browser heeds its orientation of 6 by itself.
const PROBE = '/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAABAAIBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABv/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8ATP/Z';

/* ---- decoding, one picture at a time: twelve megapixels are 48 MB in memory ---- */
let turn = Promise.resolve();
function inTurn(work) {
  const mine = turn.then(work, work);
  turn = mine.catch(() => {});
  return mine;
}
let heeds = null;
/** Whether the browser turns pictures by itself; older ones leave them lying. */
function turnsByItself() {
  heeds ??= (async () => {
    const bytes = Uint8Array.from(atob(PROBE), (one) => one.charCodeAt(0));
    const seen = await decode(new Blob([bytes], { type: 'image/jpeg' })).catch(() => null);
    return !seen || sizeOf(seen)[1] > sizeOf(seen)[0];
  })();
  return heeds;
}
const sizeOf = (picture) => [picture.naturalWidth || picture.width, picture.naturalHeight || picture.height];
const drop = (picture) => { picture?.close?.(); if (picture?.src) { URL.revokeObjectURL(picture.src); picture.removeAttribute('src'); } };

async function decode(file, wanted) {
  if (globalThis.createImageBitmap) {
    try {
      const found = await createImageBitmap(file, { imageOrientation: 'from-image', ...(wanted && { resizeWidth: wanted[0], resizeHeight: wanted[1], resizeQuality: 'high' }) });
      if (!wanted || (found.width === wanted[0] && found.height === wanted[1])) return found;
      drop(found); // an older browser that does not resize, or resizes before it turns
    } catch { if (wanted) return decode(file); }
    if (wanted) return decode(file);
  }
  const image = new Image();
  image.decoding = 'async';
  image.src = URL.createObjectURL(file);
  try { await image.decode(); } catch (error) { drop(image); throw error; }
  return image;
}

/** The picture as a canvas of at most LONGEST pixels a side, upright. */
async function drawn(file, read, quarter) {
  const itself = read.turned || read.orientation === 1 || await turnsByItself();
  const lies = read.orientation > 4 && !read.turned; // stored on its side
  const stored = read.width && read.height ? [read.width, read.height] : null;
  const upright = stored && lies && itself ? [stored[1], stored[0]] : stored;
  const share = upright ? Math.min(1, LONGEST / Math.max(...upright)) : 1;
  const picture = await decode(file, share < 1 ? upright.map((side) => Math.max(1, Math.round(side * share))) : null);
  try { return onCanvas(picture, itself ? quarter : read.orientation, LONGEST); } finally { drop(picture); }
}
function onCanvas(picture, orientation, longest) {
  const [width, height] = sizeOf(picture);
  if (!width || !height) throw new Error('nothing to draw');
  const share = Math.min(1, longest / Math.max(width, height));
  const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side * share)));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = orientation > 4 ? [h, w] : [w, h];
  const pen = canvas.getContext('2d');
  pen.imageSmoothingQuality = 'high';
  pen.fillStyle = '#fff'; // under what is transparent
  pen.fillRect(0, 0, canvas.width, canvas.height);
  const turned = { 2: [-1, 0, 0, 1, w, 0], 3: [-1, 0, 0, -1, w, h], 4: [1, 0, 0, -1, 0, h], 5: [0, 1, 1, 0, 0, 0], 6: [0, 1, -1, 0, h, 0], 7: [0, -1, -1, 0, h, w], 8: [0, -1, 1, 0, 0, w] }[orientation];
  if (turned) pen.setTransform(...turned);
  pen.drawImage(picture, 0, 0, w, h);
  return canvas;
}
const free = (canvas) => { canvas.width = 0; canvas.height = 0; };
const encode = (canvas, quality) => new Promise((done, fail) => { canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error('not encoded'))), 'image/jpeg', quality); });

/** As good as fits: less quality first, then fewer pixels, each time by as much as the last size says. */
async function fitted(canvas, room) {
  let [current, quality] = [canvas, QUALITY];
  for (;;) {
    const blob = await encode(current, quality);
    if (blob.size <= room) return { blob, width: current.width, height: current.height, last: current };
    if (quality > LEAST_QUALITY) { quality = Math.max(LEAST_QUALITY, quality - (blob.size > room * 1.5 ? 0.2 : 0.08)); continue; }
    const share = Math.min(0.9, Math.max(0.4, Math.sqrt(room / blob.size) * 0.97));
    const smaller = onCanvas(current, 1, Math.max(16, Math.floor(Math.max(current.width, current.height) * share)));
    free(current);
    current = smaller;
  }
}
async function asJpeg(file, read, quarter = 1) {
  const exif = segmentOf(read);
  const { blob, width, height, last } = await fitted(await drawn(file, read, quarter), MOST_BYTES - (exif?.length ?? 0));
  free(last);
  const parts = exif ? [blob.slice(0, 2), exif, blob.slice(2)] : [blob];
  return { blob: new File(parts, `${(file.name || 'photo').replace(/\.\w+$/, '')}.jpg`, { type: 'image/jpeg', lastModified: file.lastModified }), width, height };
}

/* ---- what the device itself says ---- */
/** Now by the device's clock, ISO 8601 with its own offset. */
export function deviceTime(at = new Date()) {
  const minutes = -at.getTimezoneOffset(), two = (n) => String(Math.trunc(Math.abs(n))).padStart(2, '0');
  return `${new Date(at.getTime() + minutes * 60000).toISOString().slice(0, 19)}${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}
let known = null;
/** Where the device is, asked without bothering anybody: only when the page may know it already; null otherwise. */
export async function devicePlace() {
  if (known && Date.now() - known.at < 60000) return known.place;
  try {
    if ((await navigator.permissions.query({ name: 'geolocation' })).state !== 'granted') return null;
  } catch { return null; }
  return new Promise((done) => {
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      known = { at: Date.now(), place: { longitude: Number(coords.longitude.toFixed(6)), latitude: Number(coords.latitude.toFixed(6)), accuracy: Math.round(coords.accuracy) } };
      done(known.place);
    }, () => done(null), { enableHighAccuracy: true, timeout: 4000, maximumAge: 120000 });
  });
}

/** SHA-256 in hexadecimal; null where the page is not in a secure context: the server counts for itself anyway. */
export async function sha256(blob) {
  if (!globalThis.crypto?.subtle) return null;
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return [...sum].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Time and place as the original says, then the small upright JPEG, or the original itself where this device cannot decode
 * it (HEIC outside Safari: the server reads it then; width and height are null). `place`: where the device is, when known. */
export async function prepare(file, { place } = {}) {
  const deviceAt = deviceTime();
  const where = place === undefined ? devicePlace() : place;
  const read = await readPhoto(file);
  const made = await inTurn(() => asJpeg(file, read)).catch(() => ({ blob: file, width: null, height: null }));
  const here = await where;
  return {
    ...made,
    sha256: await sha256(made.blob).catch(() => null),
    takenAt: read.takenAt, longitude: read.longitude, latitude: read.latitude,
    deviceAt, deviceLongitude: here?.longitude ?? null, deviceLatitude: here?.latitude ?? null, accuracy: here?.accuracy ?? null,
  };
}

/** The same photo a quarter turn to the right, with all that was said of it. */
export async function rotated(prepared) {
  const read = { ...await readPhoto(prepared.blob), orientation: 1, turned: true };
  const made = await inTurn(() => asJpeg(prepared.blob, read, 6));
  return { ...prepared, ...made, sha256: await sha256(made.blob).catch(() => null) };
}

/** What the device says of a photo, by the names of the form and the API; `device_now` is asked at this moment, so that a
 * wrong clock shows. */
export function saidOf(prepared) {
  const said = {
    taken_at: prepared.takenAt, longitude: prepared.longitude, latitude: prepared.latitude,
    device_at: prepared.deviceAt, device_now: deviceTime(),
    device_longitude: prepared.deviceLongitude, device_latitude: prepared.deviceLatitude, device_accuracy_m: prepared.accuracy,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null && value !== undefined && value !== '').map(([name, value]) => [name, String(value)]));
}
const HEADERS = {
  taken_at: 'X-Photo-Taken-At', longitude: 'X-Photo-Longitude', latitude: 'X-Photo-Latitude',
  device_at: 'X-Device-At', device_now: 'X-Device-Now',
  device_longitude: 'X-Device-Longitude', device_latitude: 'X-Device-Latitude', device_accuracy_m: 'X-Device-Accuracy',
};
/** The same as headers of the request whose body is the photo, with its kind and hash. */
export function headersOf(prepared) {
  const said = Object.entries(saidOf(prepared)).map(([name, value]) => [HEADERS[name], value]);
  const hash = prepared.sha256 ? [['X-Content-SHA256', prepared.sha256]] : [];
  return Object.fromEntries([['Content-Type', prepared.blob.type || 'application/octet-stream'], ...hash, ...said]);
}
