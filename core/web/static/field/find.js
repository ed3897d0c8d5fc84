/* A finding without a form (随手上报): photo, category, send. Where it is, is told by the phone or by the nearest site. */

import { el, far, metres, newId, pick, say, show, toast, whereAmI } from './basics.js';
import { shutter, thumbs } from './camera.js';
import { getMeta, setMeta } from './db.js';
import { draft as readDraft, dropDraft, drafts, keepDraft, photosOf, queue, state } from './state.js';

const CLOSE = 120; // metres within which the nearest site is taken for the place
const NEARBY = 2000; // metres within which the server takes the nearest site's territory
const OFFERED = 8;

async function begin(stop) {
  const begun = (await drafts()).find((one) => one.kind === 'report');
  if (begun && (!stop || begun.site === stop.site)) return begun;
  const last = (await getMeta(`place:${state.me.person}`)) || {};
  return { id: newId(), kind: 'report', person: state.me.person, started_at: new Date().toISOString(), photos: { before: [] }, after: { after: [] }, category: '', severity: 'ordinary', detail: '', site: stop?.site || '', round: stop?.round, unit: last.unit || '', place: '', at: null, fixed: false };
}

/** Draw a report: the one with a number, else the one that was begun, else a new one, at a stop of a round if so. */
export async function drawFind(page, draftId, stop = null) {
  const found = draftId ? await readDraft(draftId) : await begin(stop);
  if (!found) { page.go(''); return; }
  const view = new Finder(page, found);
  view.draw();
  if (!found.at) view.locate(false);
}

class Finder {
  constructor(page, draft) {
    this.page = page;
    this.draft = draft;
  }

  keep() { if (photosOf(this.draft).length || this.draft.category || this.draft.detail) keepDraft(this.draft); }

  set(values) {
    const { draft } = this;
    Object.assign(draft, values);
    // When it was seen: the first photo of it says so, however late it is sent.
    if (!draft.photos.before.length) draft.taken_at = null; else draft.taken_at = draft.taken_at || new Date().toISOString();
    this.keep();
    this.draw();
  }

  /** The rounds that send one to the chosen place today; a secret one first, for what goes with it is told to nobody. */
  stops() {
    const here = state.bundle.stops.filter((one) => one.site && one.site === this.draft.site);
    return here.sort((one, other) => Number(other.secret) - Number(one.secret));
  }

  /** The round with which this goes: as chosen, else the first of the place; '' for none. */
  round() {
    const stops = this.stops();
    const { round } = this.draft;
    if (round === '' || stops.some((one) => one.round === round)) return round;
    return stops[0]?.round || '';
  }

  /** For which round it is reported, where rounds send one to this place. */
  rounds() {
    const stops = this.stops();
    if (!stops.length) return null;
    const chosen = this.round();
    const named = (one) => [one.title, one.secret ? say('secret') : ''].filter(Boolean).join(' · ');
    const list = el('select', { 'aria-label': say('forRound'), onchange: (event) => this.set({ round: event.target.value }) },
      stops.map((one) => el('option', { value: one.round, selected: one.round === chosen }, named(one))),
      el('option', { value: '', selected: chosen === '' }, say('noRound')));
    const isSecret = stops.some((one) => one.secret && one.round === chosen);
    return [el('label.named', {}, say('forRound'), list), isSecret ? el('p.faint', {}, say('secretNote')) : null];
  }

  async locate(isAsked) {
    const found = await whereAmI();
    if (!found) { if (isAsked) toast(say('placeNone')); return; }
    state.where = found.at;
    const near = this.nearest()[0];
    const site = !this.draft.site && !this.draft.place && near && near.away <= CLOSE ? near.site.id : this.draft.site;
    Object.assign(this.draft, { at: found.at, accuracy: found.accuracy, site });
    this.keep();
    if (this.page.main.contains(this.body)) this.draw();
  }

  nearest() {
    const { at } = this.draft;
    const here = at || state.where;
    if (!here) return [];
    return state.bundle.sites.filter((one) => one.at).map((site) => ({ site, away: metres(here, site.at) })).sort((one, other) => one.away - other.away).slice(0, OFFERED);
  }

  draw() {
    const { page } = this;
    page.title(say('find'), state.patrol ? say('onPatrolPlain') : '');
    this.body = el('div.find', {}, this.pictures(), this.categories(), this.where(), this.graver());
    show(page.main, this.body);
    page.foot(el('button.main', { type: 'button', onclick: () => this.send() }, say('send')));
  }

  pictures() {
    const { draft } = this;
    const proof = (holder, name, label, big) => {
      const keys = draft[holder][name];
      const set = (list) => this.set({ [holder]: { [name]: list } });
      return el('div.proof', {}, shutter(label, async (key) => set([...draft[holder][name], key]), { label, big, room: () => 9 - keys.length }), keys.length ? thumbs(keys, async (key) => set(keys.filter((one) => one !== key))) : null);
    };
    const fixed = el('label.check', {}, el('input', { type: 'checkbox', checked: draft.fixed, onchange: (event) => this.set({ fixed: event.target.checked }) }), say('fixedNow'));
    return el('section.group', {}, proof('photos', 'before', say('photo'), true), fixed,
      draft.fixed ? el('p.faint', {}, say('fixedNote')) : null, draft.fixed ? proof('after', 'after', say('photoAfter'), true) : null);
  }

  categories() {
    const { draft } = this;
    const { usual, categories } = state.bundle;
    const names = new Map(categories.map((one) => [one.code, pick(one.name)]));
    const codes = usual.includes(draft.category) || !draft.category ? usual : [draft.category, ...usual];
    const chips = el('div.chips', { role: 'group', 'aria-label': say('category') }, codes.map((code) => el('button.chip', { type: 'button', 'aria-pressed': String(draft.category === code), onclick: () => this.set({ category: code }) }, names.get(code))));
    const all = el('select', { 'aria-label': say('allCategories'), onchange: (event) => this.set({ category: event.target.value }) },
      el('option', { value: '' }, say('allCategories')), categories.map((one) => el('option', { value: one.code, selected: one.code === draft.category && !usual.includes(one.code) }, names.get(one.code))));
    return el('section.group', {}, el('h2', {}, say('category')), chips, all);
  }

  where() {
    const { draft } = this;
    const near = this.nearest();
    const stops = new Set(state.bundle.stops.map((one) => one.site));
    const first = state.bundle.sites.filter((one) => stops.has(one.id)).slice(0, OFFERED).map((site) => ({ site }));
    const rest = near.length ? near : state.bundle.sites.slice(0, OFFERED).map((site) => ({ site }));
    const sites = [...rest, ...first.filter((one) => !rest.some((known) => known.site.id === one.site.id))];
    const chosen = state.bundle.sites.find((one) => one.id === draft.site);
    if (chosen && !sites.some((one) => one.site.id === chosen.id)) sites.unshift({ site: chosen });
    const site = el('select', { 'aria-label': say('atSite'), onchange: (event) => this.set({ site: event.target.value, round: undefined }) },
      el('option', { value: '' }, say('noSite')), sites.map((one) => el('option', { value: one.site.id, selected: one.site.id === draft.site }, [one.site.name, one.away === undefined ? '' : far(one.away)].filter(Boolean).join(' · '))));
    const place = el('input', { type: 'text', maxLength: 200, value: draft.place, placeholder: say('placeText'), 'aria-label': say('placeText'), oninput: (event) => { draft.place = event.target.value; this.keep(); } });
    const unit = el('select', { 'aria-label': say('placeUnit'), onchange: (event) => { draft.unit = event.target.value; this.keep(); } },
      el('option', { value: '' }, say('placeUnit')), state.bundle.units.map((one) => el('option', { value: one.id, selected: one.id === draft.unit }, one.name)));
    const said = el('p.faint', {}, draft.at ? say('placeFound', { n: draft.accuracy || '—' }) : say('placeNone'), ' ', el('button.link', { type: 'button', onclick: () => this.locate(true) }, say('placeAsk')));
    return el('section.group', {}, el('h2', {}, say('place')), site, draft.site ? this.rounds() : [place, unit], said);
  }

  graver() {
    const { draft } = this;
    const grave = el('div.pills', { role: 'group', 'aria-label': say('severity') }, state.bundle.severities.map(([key, name]) => el('button.pill', { type: 'button', 'aria-pressed': String(draft.severity === key), onclick: () => this.set({ severity: key }) }, pick(name))));
    const detail = el('textarea', { rows: 2, maxLength: 2000, value: draft.detail, placeholder: say('detail'), 'aria-label': say('detail'), oninput: (event) => { draft.detail = event.target.value; this.keep(); } });
    return el('section.group', {}, grave, detail, el('p.end', {}, el('button.plain', { type: 'button', onclick: async () => { await dropDraft(draft); this.page.go(''); } }, say('drop'))));
  }

  lacks() {
    const { draft } = this;
    if (!draft.photos.before.length) return 'needPhoto';
    if (draft.fixed && !draft.after.after.length) return 'needAfter';
    if (!draft.category) return 'needCategory';
    // The server tells the territory by the nearest site; where none is known nearby, the unit must be said.
    const isKnown = draft.at && (draft.unit || this.nearest().some((one) => one.away <= NEARBY));
    return draft.site || isKnown || (draft.unit && draft.place.trim()) ? '' : 'needPlace';
  }

  async send() {
    const { draft } = this;
    const why = this.lacks();
    if (why) { toast(say(why)); return; }
    const name = state.bundle.categories.find((one) => one.code === draft.category)?.name || draft.category;
    const point = draft.at ? { longitude: draft.at[0].toFixed(6), latitude: draft.at[1].toFixed(6) } : {};
    const place = draft.place.trim() || (draft.at ? `${point.longitude}, ${point.latitude}` : '');
    const where = draft.site ? { site_id: draft.site, place: draft.place.trim() } : { unit_id: draft.unit || null, place };
    const round = draft.site && this.round() ? { round_id: this.round() } : {};
    const patrol = state.patrol ? { patrol_id: state.patrol.id } : {};
    const body = { category: draft.category, severity: draft.severity, detail: draft.detail, photos: draft.photos.before, taken_at: draft.taken_at, ...where, ...point, ...round, ...patrol, ...(draft.fixed ? { fixed: draft.after.after } : {}) };
    const kept = draft.fixed ? photosOf(draft) : draft.photos.before;
    const entry = { id: draft.id, kind: 'report', title: name, body, photos: kept, draft, needs: state.patrol?.local ? state.patrol.id : null };
    try { await queue(entry, draft.id); } catch { toast(say('notSaved')); return; }
    await setMeta(`place:${state.me.person}`, { unit: draft.unit });
    if (state.patrol) { state.patrol.found = (state.patrol.found || 0) + 1; await setMeta(`patrol:${state.me.person}`, state.patrol); }
    toast(say('queued'));
    this.page.go(state.patrol ? '/patrol' : '');
  }
}
