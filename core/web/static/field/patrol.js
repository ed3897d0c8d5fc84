/* A joint patrol (联合巡查): begun and ended on the phone, all members, one track; findings are recorded to it on the way. */

import { el, moment, newId, pick, say, show, toast, whereAmI } from './basics.js';
import { getMeta, setMeta } from './db.js';
import { queue, state } from './state.js';

const PACE = 60000; // ms between two places of the track, while the page is open
const BATCH = 20;
let timer = 0;

const key = () => `patrol:${state.me.person}`;
const keep = () => setMeta(key(), state.patrol);

/** The shift that is walked: what the phone began, else what the server says; the server's end counts too. */
export async function recallPatrol() {
  if (!state.me) return;
  const own = (await getMeta(key())) || null;
  const told = state.bundle?.patrol || null;
  state.patrol = own && !own.ended ? own : null;
  if (!state.patrol && told && told.id !== own?.id) state.patrol = { ...told, points: [], found: 0 };
  walk();
}

function walk() {
  clearInterval(timer);
  if (!state.patrol || !navigator.geolocation) return;
  timer = setInterval(note, PACE);
}
async function note() {
  const { patrol } = state;
  if (!patrol || patrol.ended || document.visibilityState === 'hidden') return;
  const found = await whereAmI(20000);
  if (!found || state.patrol !== patrol) return;
  patrol.points.push({ at: new Date().toISOString(), longitude: found.at[0].toFixed(6), latitude: found.at[1].toFixed(6), accuracy: found.accuracy });
  patrol.noted = (patrol.noted || 0) + 1;
  if (patrol.points.length >= BATCH) await flush();
  await keep();
  document.dispatchEvent(new Event('field:track'));
}
async function flush() {
  const { patrol } = state;
  if (!patrol.points.length) return;
  const points = patrol.points.splice(0);
  await queue({ kind: 'patrol_track', body: { patrol_id: patrol.id, points }, needs: patrol.local ? patrol.id : null });
}

export function drawPatrol(page) {
  page.title(say('patrol'));
  if (state.patrol) drawWalking(page); else drawStart(page);
}

function drawWalking(page) {
  const { patrol } = state;
  const duties = new Map(state.bundle.duties.map(([code, name]) => [code, pick(name)]));
  const people = (patrol.members || []).map((one) => el('li', {}, `${one.name} · ${duties.get(one.duty) || ''}`));
  const track = navigator.geolocation ? `${say('tracking')} ${say('trackPoints', { n: patrol.noted || 0 })}` : say('trackOff');
  show(page.main, el('section.group', {}, el('h2', {}, patrol.route || say('patrol')), el('p', {}, say('patrolSince', { at: moment(patrol.started_at) }), patrol.found ? ` · ${say('found', { n: patrol.found })}` : ''),
    el('ul.people', {}, people), el('p.faint', { id: 'track' }, track)),
  el('p', {}, el('a.button', { href: '#/find' }, say('find'))));
  page.foot(el('button.main', { type: 'button', onclick: () => end(page) }, say('endPatrol')));
}

async function end(page) {
  const { patrol } = state;
  clearInterval(timer);
  await flush();
  await queue({ kind: 'patrol_end', body: { patrol_id: patrol.id, ended_at: new Date().toISOString(), note: '' }, needs: patrol.local ? patrol.id : null });
  await setMeta(key(), { ...patrol, ended: true, points: [] });
  state.patrol = null;
  toast(say('queued'));
  page.go('');
}

function drawStart(page) {
  const { bundle, me } = state;
  const chosen = new Map();
  const duties = bundle.duties;
  const unit = el('select', { 'aria-label': say('placeUnit') }, bundle.units.map((one) => el('option', { value: one.id }, one.name)));
  const route = el('input', { type: 'text', maxLength: 100, placeholder: say('route'), 'aria-label': say('route') });
  const find = el('input', { type: 'search', placeholder: say('memberFind'), 'aria-label': say('memberFind'), oninput: () => offer() });
  const offered = el('ul.sites');
  const list = el('ul.people');
  const drawChosen = () => show(list, [...chosen].map(([id, one]) => el('li.member', {}, el('span', {}, one.name),
    el('select', { 'aria-label': `${say('duty')} ${one.name}`, onchange: (event) => { one.duty = event.target.value; } }, duties.map(([code, name]) => el('option', { value: code, selected: code === one.duty }, pick(name)))),
    el('button.plain', { type: 'button', onclick: () => { chosen.delete(id); drawChosen(); } }, '×'))));
  const offer = () => {
    const word = find.value.trim();
    const found = word ? bundle.people.filter((one) => one.name.includes(word) && !chosen.has(one.id)).slice(0, 6) : [];
    show(offered, found.map((one) => el('li', {}, el('button.site', { type: 'button', onclick: () => { chosen.set(one.id, { name: one.name, duty: 'other' }); find.value = ''; offer(); drawChosen(); } }, el('span.name', {}, one.name), el('span.meta', {}, one.unit)))));
  };
  show(page.main, el('section.group', {}, el('h2', {}, say('noPatrol')), el('p.faint', {}, say('noPatrolNote')), unit, route, el('h2', {}, say('members')), list, find, offered));
  page.foot(el('button.main', { type: 'button', disabled: !bundle.units.length, onclick: () => start() }, say('startPatrol')));
  async function start() {
    const members = Object.fromEntries([...chosen].map(([id, one]) => [id, one.duty]));
    const names = [{ id: me.person, name: me.name, duty: 'other' }, ...[...chosen].map(([id, one]) => ({ id, ...one }))];
    const started_at = new Date().toISOString();
    const body = { unit_id: unit.value, route: route.value.trim(), members, started_at };
    state.patrol = { id: newId(), local: true, route: body.route, unit: unit.value, members: names, started_at, points: [], noted: 0, found: 0 };
    await keep();
    await queue({ id: state.patrol.id, kind: 'patrol_start', body });
    walk();
    note();
    drawPatrol(page);
  }
}
