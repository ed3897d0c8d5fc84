/* A designed form being filled in, without a page: what is hidden, what is worked out, what is kept, what is wrong.

   The same as core/campaigns/xlsform/filling.py does on the server, from the shape of core/campaigns/xlsform/shapes.py; formulas
   by formula.js. tests/browser/test_survey_model.py compares the two on forms and answers made at random.

     settle(shape, data, answers, context) -> Settled      nothing is changed, nothing is remembered

   data      entries by key as they were typed ({key: value}, a repeat is a list of such objects, groups are flat)
   answers   the items' raw answers by question code ({road_clean: {yes: true}}); none for what is not answered
   context   { now, language, meta }, all optional: now is a text with its offset (spellNow of formula.js; the clock here
             otherwise), language is that of computed texts ("zh"), meta { today, start, end, deviceid, username } is what a
             device fills in where data has nothing

   Settled   data       what the server's check_answers keeps, items included (sent without: entries)
             entries    what is sent: all that is visible and answered, as it was typed, without items and without what is
                        worked out; what does not fit its type is in it too, so that the server says so
             hidden     Set of places that are hidden
             questions  Set of question codes all of whose items in this form are hidden
             faults     [{ place, kind, params, said, value }] in the order asked, of what is visible; kind is the end of a
                        text's key in core/web/forms/survey_words.py (missing, constraint, choice, count, rows, strange, and the
                        kinds of survey-typed.js), said is the form's own message as [zh, en] or null
             spots      Map of place -> Spot in the order asked

   Spot      part, key, place, at ([[repeat, row from 0], ...]), record (its values), given { stored, seen }, hidden, computed,
             rows (of a repeat), wanted (rows by its count; null when one adds freely), and, once asked for:
             required(), readOnly(), offered() (choices), said(text, locale) (a [zh, en] text with the answers that it quotes)

   What to start with, defaults and the rows of repeats: survey-rows.js. What it looks like: survey-view.js. */

import { spellNow } from './formula.js';
import { OTHER, Spot, has, lookThrough } from './survey-form.js';
import { sendable } from './survey-sending.js';
import { NOTHING, MOST_TEXT, Misfit, isOpen, isRecord, readAnswer, readItem, strip } from './survey-typed.js';

export { OTHER, saidIn } from './survey-form.js';

export const MOST_ROWS = 200; // rows of one repeat
const MOST_PASSES = 200; // rounds until nothing changes; a form without circles needs as many as its longest chain
const META = ['today', 'start', 'end', 'deviceid', 'username'];
/* ---- laying the answers out ---- */
function lay(sheet, parts, data, view, out, prefix, at) {
  const mine = new Set();
  parts.forEach((part) => {
    const spot = new Spot(sheet, part, prefix, at, view, out);
    sheet.spots.push(spot);
    mine.add(part.key);
    if (part.kind === 'repeat') layRows(sheet, spot, has(data, part.key) ? data[part.key] : null);
    if (part.kind !== 'field') return;
    if (part.or_other) mine.add(`${part.key}_other`);
    take(spot, data);
  });
  Object.keys(data).filter((key) => !mine.has(key)).forEach((key) => {
    sheet.strange.push({ place: `${prefix}${key}`.slice(0, 120), kind: 'strange', params: {}, said: null, value: '' });
  });
}

function layRows(sheet, spot, raw) {
  let rows = raw === null || raw === undefined ? [] : raw;
  if (!Array.isArray(rows) || !rows.every(isRecord) || rows.length > MOST_ROWS) {
    spot.misfit = { kind: 'rows', params: {} };
    rows = [];
  }
  const parts = sheet.form.inside.get(spot.part.path);
  const [views, outs] = [rows.map(() => ({})), rows.map(() => ({}))];
  spot.record[spot.key] = views;
  spot.out[spot.key] = outs;
  spot.rows = rows.length;
  rows.forEach((row, number) => {
    lay(sheet, parts, row, views[number], outs[number], `${spot.place}[${number + 1}].`, [...spot.at, [spot.part.name, number]]);
  });
}

function take(spot, data) {
  const { part } = spot;
  const raw = has(data, spot.key) ? data[spot.key] : null;
  spot.computed = Boolean(part.calculation) && (part.type === 'calculate' || Boolean(part.read_only) || raw === null || raw === '');
  try {
    spot.given = part.question ? readItem(raw) : readAnswer(part, raw);
  } catch (misfit) {
    if (!(misfit instanceof Misfit)) throw misfit;
    spot.misfit = { kind: misfit.kind, params: misfit.params };
    spot.raw = typeof raw === 'string' ? raw : '';
  }
  const other = part.or_other && has(data, `${spot.key}_other`) ? data[`${spot.key}_other`] : '';
  spot.other = typeof other === 'string' ? [...strip(other)].slice(0, MOST_TEXT).join('') : '';
}

/* ---- until nothing changes: a hidden answer counts as none ---- */
function otherOf(spot) {
  const { stored } = spot.given;
  return (Array.isArray(stored) ? stored.includes(OTHER) : stored === OTHER) ? spot.other : '';
}

function seen(spot) {
  const { part, key, hidden } = spot;
  const value = hidden ? '' : spot.given.seen;
  const found = part.or_other ? [[`${key}_other`, hidden ? '' : otherOf(spot)]] : [];
  if (part.type === 'n_of_m') {
    const pair = isRecord(value) ? value : {};
    return [...found, ...['n', 'm'].map((one) => [`${key}_${one}`, has(pair, one) ? pair[one] : ''])];
  }
  const isItem = part.question && isRecord(value);
  return [...found, [key, isItem ? (has(value, '') ? value[''] : '') : value]];
}

const same = (one, two) => one === two
  || (Array.isArray(one) && Array.isArray(two) && one.length === two.length && one.every((each, at) => each === two[at]))
  || (isRecord(one) && isRecord(two) && typeof one.n === 'bigint' && one.n === two.n && one.d === two.d);

function calculated(spot) {
  const said = spot.work('calculation', spot.part.calculation);
  if (spot.part.type === 'calculate') return { stored: said, seen: said };
  try { return readAnswer(spot.part, said); } catch { return NOTHING; }
}

function step(spot, around) {
  const hidden = [...around, spot.part].some((part) => part.relevant && !spot.holds('relevant', part.relevant));
  let changed = hidden !== spot.hidden;
  spot.hidden = hidden;
  if (spot.part.kind !== 'field') return changed;
  if (spot.computed) spot.given = calculated(spot);
  seen(spot).forEach(([key, value]) => {
    if (!same(has(spot.record, key) ? spot.record[key] : '', value)) changed = true;
    spot.record[key] = value;
  });
  return changed;
}

/* ---- what is wrong in one visible place ---- */
const shownValue = ({ stored }) => (typeof stored === 'string' || typeof stored === 'number' ? String(stored).slice(0, 60) : '');

function faultsOf(spot) {
  const { part, place } = spot;
  const fault = (kind, said = null, value = shownValue(spot.given), params = {}) => ({ place, kind, params, said, value });
  if (spot.misfit) return [fault(spot.misfit.kind, null, (spot.raw || '').slice(0, 60), spot.misfit.params)];
  if (part.kind === 'repeat') {
    const { wanted } = spot;
    return wanted === null || wanted === spot.rows ? [] : [fault('count', null, '', { wanted: String(wanted), rows: String(spot.rows) })];
  }
  if (part.kind === 'group' || part.question) return [];
  const filled = (text) => (text ? [spot.said(text, 'zh'), spot.said(text, 'en')] : null);
  if (isOpen(spot.given)) return spot.required() ? [fault('missing', filled(part.required_message), '')] : [];
  const chosen = Array.isArray(spot.given.stored) ? spot.given.stored : [spot.given.stored];
  const there = new Set([...(part.choices ? spot.offered().map((one) => one.name) : []), ...(part.or_other ? [OTHER] : [])]);
  const found = part.choices ? chosen.filter((one) => !there.has(one)).map((one) => fault('choice', null, String(one).slice(0, 60))) : [];
  if (part.constraint && !spot.holds('constraint', part.constraint)) found.push(fault('constraint', filled(part.constraint_message)));
  return found;
}

/* The kept data without what was left open; rows stay, an empty one as an empty object. */
function pruned(out) {
  const kept = {};
  Object.keys(out).forEach((key) => {
    const value = out[key];
    if (Array.isArray(value) && value.length && isRecord(value[0])) kept[key] = value.map(pruned);
    else if (value !== null && value !== undefined && value !== '' && !(Array.isArray(value) && !value.length)) kept[key] = value;
  });
  return kept;
}

const withMeta = (form, data, meta) => {
  const found = {};
  form.inside.get('').forEach((part) => {
    if (META.includes(part.type) && meta && meta[part.type]) found[part.key] = meta[part.type];
  });
  return { ...data, ...found };
};

const withItems = (form, data, answers) => {
  const found = { ...data };
  form.items.forEach((part) => {
    delete found[part.key];
    if (answers && has(answers, part.question) && answers[part.question] && Object.keys(answers[part.question]).length) found[part.key] = answers[part.question];
  });
  return found;
};

const clockHere = () => spellNow(new Date(), -new Date().getTimezoneOffset());

/* Everything that holds of a form filled in so far; see the top. */
export function settle(shape, data, answers = {}, context = {}) {
  const form = lookThrough(shape);
  const { now = clockHere(), language = 'zh', meta = null } = context;
  const [view, out] = [{}, {}];
  const labels = form.labels[String(language).startsWith('en') ? 'en' : 'zh'];
  const sheet = { form, spots: [], strange: [], context: { now, values: view, homes: shape.homes, choices: labels, language } };
  lay(sheet, form.inside.get(''), withItems(form, withMeta(form, data, meta), answers), view, out, '', []);
  const around = new Map(shape.parts.map((part) => [part.path, part.above.map((path) => form.parts.get(path))]));
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    if (!sheet.spots.map((spot) => step(spot, around.get(spot.part.path))).some(Boolean)) break;
  }
  return conclude(form, sheet, out, data);
}

function conclude(form, sheet, out, data) {
  const faults = [...sheet.strange];
  sheet.spots.forEach((spot) => {
    if (!spot.hidden) faults.push(...faultsOf(spot));
    if (spot.part.kind === 'repeat' && spot.hidden) delete spot.out[spot.key];
    if (spot.part.kind !== 'field' || spot.hidden || isOpen(spot.given)) return;
    spot.out[spot.key] = spot.given.stored;
    if (spot.part.or_other) spot.out[`${spot.key}_other`] = otherOf(spot);
  });
  const hidden = new Set(sheet.spots.filter((spot) => spot.hidden).map((spot) => spot.place));
  const asked = new Set(form.items.filter((part) => !hidden.has(part.key)).map((part) => part.question));
  const spots = new Map(sheet.spots.map((spot) => [spot.place, spot]));
  return {
    data: pruned(out),
    entries: sendable(form, data, spots),
    hidden,
    questions: new Set(form.items.map((part) => part.question).filter((code) => !asked.has(code))),
    faults,
    spots,
  };
}
