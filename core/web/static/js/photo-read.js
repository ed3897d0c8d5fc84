/* What a picture says of itself before anything touches it: kind, size, orientation, and by its Exif when and where it was
 * taken. JPEG, PNG, WebP and HEIC; whatever is missing, broken or nonsense is null. Reads headers only, never the pixels. */

const HEAD = 262144; // bytes; Exif holds at most 64 KiB and stands in front, behind a profile of at most as much
const HEIC = new Set(['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1']);
const EXIF = 0x45786966;
const NOTHING = { kind: '', width: null, height: null, orientation: 1, taken: null, offset: null, takenAt: null, longitude: null, latitude: null };

/** {kind, width, height (as stored, before turning), orientation 1..8, taken, offset, takenAt (ISO 8601), longitude, latitude}. */
export async function readPhoto(file) {
  const head = await part(file, 0, HEAD);
  const kind = kindOf(head);
  try {
    const [size, tiff] = await { jpeg: fromJpeg, png: fromPng, webp: fromWebp, heic: fromHeic }[kind](file, head);
    return { ...NOTHING, kind, ...size, ...(tiff ? said(tiff) : {}) };
  } catch { return { ...NOTHING, kind }; } // cut off or not what it claims to be: the server has the last word
}
const part = async (file, from, to) => new DataView(await file.slice(from, to).arrayBuffer());
const letters = (view, at, count = 4) => String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, count));
const rest = (view, from, length) => new DataView(view.buffer, view.byteOffset + from, length ?? view.byteLength - from);

function kindOf(view) {
  if (view.byteLength < 12) return '';
  if (view.getUint16(0) === 0xffd8) return 'jpeg';
  if (view.getUint32(0) === 0x89504e47) return 'png';
  if (letters(view, 0) === 'RIFF' && letters(view, 8) === 'WEBP') return 'webp';
  return letters(view, 4) === 'ftyp' && HEIC.has(letters(view, 8)) ? 'heic' : '';
}

/* ---- where each kind keeps its size and its Exif ---- */
function fromJpeg(file, view) {
  let size = {}, tiff = null;
  for (let at = 2; at + 10 < view.byteLength;) {
    const marker = view.getUint16(at), length = view.getUint16(at + 2);
    if ((marker & 0xff00) !== 0xff00 || marker === 0xffda) break;
    if (marker === 0xffe1 && !tiff && view.getUint32(at + 4) === EXIF) tiff = rest(view, at + 10, Math.min(length - 8, view.byteLength - at - 10));
    if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) {
      size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
      break;
    }
    at += 2 + length;
  }
  return [size, tiff];
}
async function fromPng(file, view) {
  const size = { width: view.getUint32(16), height: view.getUint32(20) };
  for (let at = 8, steps = 0; at + 8 <= file.size && steps < 4096; steps += 1) {
    const head = await part(file, at, at + 8), length = head.getUint32(0);
    if (letters(head, 4) === 'eXIf') return [size, await part(file, at + 8, at + 8 + Math.min(length, 65536))];
    if (letters(head, 4) === 'IEND') break;
    at += 12 + length;
  }
  return [size, null];
}
async function fromWebp(file) {
  let size = {}, tiff = null;
  for (let at = 12, steps = 0; at + 8 <= file.size && steps < 64; steps += 1) {
    const head = await part(file, at, at + 18), name = letters(head, 0), length = head.getUint32(4, true);
    if (name === 'VP8X') size = { width: 1 + (head.getUint32(12, true) & 0xffffff), height: 1 + (head.getUint32(14, true) >>> 8) };
    if (name === 'EXIF') tiff = await part(file, at + 8, at + 8 + Math.min(length, 65536));
    at += 8 + length + length % 2;
  }
  return [size, tiff && tiff.getUint32(0) === EXIF ? rest(tiff, 6) : tiff];
}
/** HEIC turns its picture itself (irot, imir), so that its orientation is 1 whatever the Exif repeats. */
async function fromHeic(file) {
  for (let at = 0, steps = 0; at + 8 <= file.size && steps < 32; steps += 1) {
    const head = await part(file, at, at + 8), length = head.getUint32(0);
    if (letters(head, 4) === 'meta') {
      const place = exifPlace(await part(file, at + 12, at + Math.min(length, HEAD)));
      const found = place && await part(file, place.from, place.from + Math.min(place.length, 65536));
      return [{ turned: true }, found && rest(found, 4 + found.getUint32(0))];
    }
    if (length < 8) break;
    at += length;
  }
  return [{ turned: true }, null];
}
function exifPlace(meta) {
  let wanted = null, places = null;
  for (let at = 0; at + 8 <= meta.byteLength;) {
    const length = meta.getUint32(at), name = letters(meta, at + 4);
    if (length < 8) return null;
    if (name === 'iinf') wanted = exifItem(rest(meta, at + 8, length - 8));
    if (name === 'iloc') places = rest(meta, at + 8, length - 8);
    at += length;
  }
  return wanted === null || !places ? null : located(places, wanted);
}
function exifItem(box) {
  for (let at = box.getUint8(0) ? 8 : 6; at + 16 <= box.byteLength;) {
    const version = box.getUint8(at + 8), wide = version > 2;
    if (letters(box, at + (wide ? 18 : 16)) === 'Exif') return wide ? box.getUint32(at + 12) : box.getUint16(at + 12);
    at += box.getUint32(at) || box.byteLength;
  }
  return null;
}
function located(box, wanted) {
  const version = box.getUint8(0), sizes = box.getUint16(4);
  const [offsets, lengths, bases, indexes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15, version ? sizes & 15 : 0];
  let at = version < 2 ? 8 : 10;
  const number = (bytes) => { let value = 0; for (let i = 0; i < bytes; i += 1, at += 1) value = value * 256 + box.getUint8(at); return value; };
  for (let left = version < 2 ? box.getUint16(6) : box.getUint32(6); left > 0; left -= 1) {
    const id = number(version < 2 ? 2 : 4), inFile = !version || !(number(2) & 15);
    at += 2;
    const base = number(bases);
    for (let extents = number(2), n = 0; n < extents; n += 1) {
      number(indexes);
      const from = base + number(offsets), length = number(lengths);
      if (id === wanted && !n) return inFile ? { from, length } : null;
    }
  }
  return null;
}

/* ---- what the Exif says ---- */
function said(tiff) {
  try {
    const little = tiff.getUint16(0) === 0x4949;
    const first = directory(tiff, tiff.getUint32(4, little), little);
    const details = directory(tiff, first.get(0x8769), little), place = directory(tiff, first.get(0x8825), little);
    const orientation = first.get(0x0112) >= 1 && first.get(0x0112) <= 8 ? first.get(0x0112) : 1;
    return { orientation, ...moment(details.get(0x9003), details.get(0x9011)), ...position(place) };
  } catch { return {}; }
}
/** Tag to value: a number, a text, or a list of rationals; other types are left out. */
function directory(tiff, at, little) {
  const found = new Map();
  if (typeof at !== 'number' || at + 2 > tiff.byteLength) return found;
  for (let i = tiff.getUint16(at, little), entry = at + 2; i > 0 && entry + 12 <= tiff.byteLength; i -= 1, entry += 12) {
    const [tag, type, count] = [tiff.getUint16(entry, little), tiff.getUint16(entry + 2, little), tiff.getUint32(entry + 4, little)];
    const far = tiff.getUint32(entry + 8, little);
    if (type === 3 && count === 1) found.set(tag, tiff.getUint16(entry + 8, little));
    if (type === 4 && count === 1) found.set(tag, far);
    if (type === 2 && count < 65) {
      const from = count > 4 ? far : entry + 8;
      if (from + count <= tiff.byteLength) found.set(tag, letters(tiff, from, count).replace(/\0[^]*$/, '').trim());
    }
    if (type === 5 && count === 3 && far + 24 <= tiff.byteLength) {
      found.set(tag, [0, 8, 16].map((n) => tiff.getUint32(far + n, little) / tiff.getUint32(far + n + 4, little)));
    }
  }
  return found;
}
function moment(taken, offset) {
  const parts = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)$/.exec(taken || '');
  const zone = /^[+-]\d\d:\d\d$/.test(offset || '') ? offset : null;
  // Cameras without an offset show the time where they are, which is the district's, as the server reads it (ours).
  const iso = parts && `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}${zone || '+08:00'}`;
  return iso && Number(parts[1]) > 1990 && !Number.isNaN(Date.parse(iso)) ? { taken, offset: zone, takenAt: iso } : {};
}
function position(place) {
  const degrees = (value, side, most) => {
    if (!Array.isArray(value)) return null;
    const found = value[0] + value[1] / 60 + value[2] / 3600;
    return Number.isFinite(found) && found >= 0 && found <= most ? Number((/^[WS]/i.test(side) ? -found : found).toFixed(7)) : null;
  };
  const longitude = degrees(place.get(4), place.get(3), 180), latitude = degrees(place.get(2), place.get(1), 90);
  return longitude === null || latitude === null || (!longitude && !latitude) ? {} : { longitude, latitude };
}

/* ---- and the little of it that goes on with the smaller picture ---- */
/** An Exif segment of its own with time and place alone; null when the picture said neither. */
export function segmentOf({ taken, offset, longitude, latitude }) {
  const ascii = (text) => [...text].map((one) => one.charCodeAt(0)).concat(0);
  const degrees = (value) => ({ type: 5, count: 3, numbers: [Math.round(Math.abs(value) * 1e7), 1e7, 0, 1, 0, 1] });
  const word = (text) => ({ type: 2, count: text.length + 1, bytes: ascii(text) });
  const details = taken ? [[0x9003, word(taken)], ...(offset ? [[0x9011, word(offset)]] : [])] : [];
  const placed = typeof longitude === 'number' && typeof latitude === 'number';
  const place = placed ? [[1, word(latitude < 0 ? 'S' : 'N')], [2, degrees(latitude)], [3, word(longitude < 0 ? 'W' : 'E')], [4, degrees(longitude)]] : [];
  if (!taken && !placed) return null;
  const view = new DataView(new ArrayBuffer(512)), tops = [[0x8769, details], [0x8825, place]].filter(([, entries]) => entries.length);
  let free = 8 + 2 + tops.length * 12 + 4;
  const TIFF = 10;
  const write = (at, entries) => {
    view.setUint16(TIFF + at, entries.length);
    free = Math.max(free, at + 2 + entries.length * 12 + 4);
    entries.forEach(([tag, value], n) => entry(TIFF + at + 2 + n * 12, tag, value));
  };
  const entry = (at, tag, { type, count, bytes, numbers, pointer }) => {
    view.setUint16(at, tag); view.setUint16(at + 2, type); view.setUint32(at + 4, count);
    if (pointer !== undefined) { view.setUint32(at + 8, pointer); return; }
    const inside = bytes && bytes.length <= 4;
    const from = inside ? at + 8 : TIFF + free;
    if (!inside) { view.setUint32(at + 8, free); free += bytes ? bytes.length + bytes.length % 2 : numbers.length * 4; }
    (bytes || []).forEach((one, n) => view.setUint8(from + n, one));
    (numbers || []).forEach((one, n) => view.setUint32(from + n * 4, one));
  };
  const pointers = tops.map(([tag, entries]) => { const at = free; write(at, entries); return [tag, { type: 4, count: 1, pointer: at }]; });
  write(8, pointers);
  view.setUint16(0, 0xffe1); view.setUint16(2, TIFF - 2 + free); view.setUint32(4, EXIF);
  view.setUint16(TIFF, 0x4d4d); view.setUint16(TIFF + 2, 42); view.setUint32(TIFF + 4, 8);
  return new Uint8Array(view.buffer, 0, TIFF + free);
}
