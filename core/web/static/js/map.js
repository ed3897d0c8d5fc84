/* The map of places: the server says what is in view, point by point or summed in cells; this draws it, and nothing else.
 * Every mark is a button: Tab walks them, Enter opens one. No tiles unless the district set an address for them. */

import { Dots, readDots, shapeIn } from './map-dots.js';

const { L } = window;
const box = document.getElementById('sc-map');
const told = document.querySelector('[data-map-told]');
const said = box.dataset;
const MARK = 34; // px: with its margin a finger's width
const WIDE = 48; // px: room for the number of many
const ROOM = 72; // px: a cell holds one mark, and a little air

const map = L.map(box, { zoomControl: false, minZoom: 3, maxZoom: 19, attributionControl: Boolean(said.attribution), zoomSnap: 0.5 });
L.control.zoom({ zoomInTitle: said.in, zoomOutTitle: said.out }).addTo(map);
L.control.scale({ imperial: false }).addTo(map);
const plain = (text) => Object.assign(document.createElement('span'), { textContent: text });
if (said.tiles) {
  map.attributionControl?.setPrefix(false);
  L.tileLayer(said.tiles, { attribution: plain(said.attribution).innerHTML, maxZoom: 19 }).addTo(map);
}
const marks = L.layerGroup().addTo(map);
const dots = new Dots(map);

/** What a mark opens: the place's name, what waits there, and its card. */
function card(one) {
  const link = (address, text, look = '') => Object.assign(document.createElement('a'), { href: address.replace(/0{8}-.*/, one.id), textContent: text, className: look });
  const name = Object.assign(document.createElement('strong'), { textContent: one.name });
  const acts = Object.assign(document.createElement('span'), { className: 'sc-map-acts' });
  acts.append(link(said.site, said.open));
  if (one.visit) acts.append(link(said.visit, said.go, 'btn btn-s btn-primary'));
  const body = document.createElement('div');
  body.className = 'sc-map-card';
  body.append(name, plain(one.words), acts);
  return body;
}

function draw(one) {
  const isCell = !one.id;
  const shape = 'coloured' in said ? shapeIn(one.tone) : null;
  const number = shape ?? String(isCell ? `×${one.sites}` : one.open || '');
  const look = `${isCell ? ' is-cell' : ''}${shape ? ' is-shaped' : ''}`;
  const icon = L.divIcon({ className: `sc-pin is-${one.tone}${look}`, html: number, iconSize: [isCell ? WIDE : MARK, MARK] });
  const place = [one.at[1], one.at[0]];
  const mark = L.marker(place, { icon, keyboard: true, riseOnHover: true });
  if (isCell) mark.on('click keypress', (event) => { if (event.type === 'click' || event.originalEvent.key === 'Enter') map.setView(place, Math.min(map.getZoom() + 2, 19)); });
  else mark.bindPopup(() => card(one), { autoPanPadding: [16, 16] });
  mark.addTo(marks);
  mark.getElement().setAttribute('aria-label', isCell ? [one.words, said.closer].join(said.between) : [one.name, one.words].join(said.between));
  mark.getElement().title = isCell ? one.words : one.name;
}

let asked = 0;
async function read(whole) {
  if (!whole && dots.holds(map.getBounds())) return null; // what is in view is there already, and still too much to name
  const mine = ++asked;
  const address = new URL(said.map, location.href);
  const sides = map.getSize();
  address.searchParams.set('across', String(Math.max(3, Math.min(14, Math.floor(Math.max(sides.x, sides.y) / ROOM)))));
  if (!whole) {
    const seen = map.getBounds().pad(0.05);
    const edges = [Math.max(seen.getWest(), -180), Math.max(seen.getSouth(), -90), Math.min(seen.getEast(), 180), Math.min(seen.getNorth(), 90)];
    address.searchParams.set('box', edges.map((one) => one.toFixed(6)).join(','));
    dots.from = seen;
  } else dots.from = null;
  let found;
  try {
    const answer = await fetch(address, { credentials: 'same-origin' });
    if (!answer.ok) throw new Error(String(answer.status));
    found = await answer.json();
  } catch {
    told.textContent = said.failed ?? told.dataset.failed;
    return null;
  }
  if (mine !== asked) return null; // the view has moved on meanwhile
  const open = document.activeElement?.closest?.('.sc-pin')?.title;
  marks.clearLayers();
  found.marks.forEach(draw);
  dots.show(found.dots ? readDots(found) : []);
  if (open) marks.eachLayer((mark) => { if (mark.getElement()?.title === open) mark.getElement().focus({ preventScroll: true }); });
  told.textContent = !found.total ? told.dataset.none : found.dots ? said.dots : '';
  return found;
}

async function lay() {
  const outlines = said.outlines ? fetch(said.outlines).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null) : null;
  map.setView([35, 105], 4);
  const found = await read(true);
  const lines = await outlines;
  let drawn = null;
  if (lines) {
    drawn = L.geoJSON(lines, { interactive: false, style: { className: 'sc-map-line', weight: 1.5, fill: false } }).addTo(map);
    drawn.eachLayer((one) => { if (one.feature.properties.name) one.bindTooltip(plain(one.feature.properties.name), { permanent: true, direction: 'center', className: 'sc-map-name' }); });
  }
  const here = said.here?.split(',').map(Number);
  if (here) {
    const icon = L.divIcon({ className: 'sc-pin is-me', html: '', iconSize: [18, 18] });
    L.marker([here[1], here[0]], { icon, keyboard: false, title: said.you }).addTo(map);
  }
  if (here) map.setView([here[1], here[0]], 16, { animate: false });
  else if (found?.bounds) map.fitBounds([[found.bounds[1], found.bounds[0]], [found.bounds[3], found.bounds[2]]], { padding: [32, 32], maxZoom: 17, animate: false });
  else if (drawn) map.fitBounds(drawn.getBounds(), { animate: false });
  // Cells were cut for all of the district; now they are cut for what is in view.
  if (here || found?.summed) await read(false);
  map.on('moveend', (event) => { if (!event.target._popup?.isOpen?.()) read(false); });
  map.on('popupclose', () => read(false));
  box.dataset.ready = '1';
}

lay();
