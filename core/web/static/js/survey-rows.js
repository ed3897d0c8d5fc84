/* The answers that a form starts with, and the rows of its repeats. Nothing is changed in place: each gives new data.

     begin(shape, data, answers, context)           what to start with: the data of a draft without keys that the form does
                                                    not know, or, when data is null, a new one with its defaults
     addRow(shape, data, place, answers, context)   one more row for the repeat at a place, with its defaults
     dropRow(shape, data, place, number)            without its row, counted from 1
     fitRows(shape, data, answers, context)         as many rows as the count formulas want, a row with answers is never taken;
                                                    without choices that a filter does not offer any more
     put(shape, data, place, value)                 with another value at a place ("stalls[2].name", also "<key>_other")
     valueAt(data, place)                           what is typed there; undefined when nothing is */

import { evaluate, toText } from './formula.js';
import { has, lookThrough, read } from './survey-form.js';
import { MOST_ROWS, OTHER, settle } from './survey-model.js';
import { isOpen, isRecord } from './survey-typed.js';

const STEP = /^([^[\]]+)(?:\[(\d+)\]?)?$/;

/* A place as its steps: [[key, row from 0 or null], ...]; a key may have dots. */
function stepsOf(place) {
  return place.split('].').map((one) => {
    const [, key, row] = STEP.exec(one);
    return [key, row === undefined ? null : Number(row) - 1];
  });
}

export function valueAt(data, place) {
  let found = data;
  stepsOf(place).forEach(([key, row]) => {
    found = isRecord(found) && has(found, key) ? found[key] : undefined;
    if (row !== null) found = Array.isArray(found) ? found[row] : undefined;
  });
  return found;
}

function change(record, [[key, row], ...rest], work) {
  const old = has(record, key) ? record[key] : undefined;
  if (!rest.length) return { ...record, [key]: work(old) };
  const rows = Array.isArray(old) ? old.slice() : [];
  rows[row] = change(rows[row] || {}, rest, work);
  return { ...record, [key]: rows };
}

export const put = (shape, data, place, value) => change(data, stepsOf(place), () => value);
export const dropRow = (shape, data, place, number) => change(data, stepsOf(place), (rows) => (rows || []).filter((row, at) => at !== number - 1));

export function addRow(shape, data, place, answers, context) {
  const added = change(data, stepsOf(place), (rows) => [...(rows || []), {}]);
  const rows = valueAt(added, place);
  return rows.length > MOST_ROWS ? data : withDefaults(shape, added, answers, context, `${place}[${rows.length}].`);
}

/* Defaults of everything that is open and stands under a place; those that are worked out see the ones before them. */
function withDefaults(shape, data, answers, context, under = '') {
  let found = data;
  const wanted = (spot) => spot.part.kind === 'field' && !spot.part.question && spot.place.startsWith(under) && valueAt(found, spot.place) === undefined;
  settle(shape, found, answers, context).spots.forEach((spot) => {
    if (wanted(spot) && has(spot.part, 'default')) found = put(shape, found, spot.place, spot.part.default);
  });
  lookThrough(shape).shape.parts.filter((part) => part.default_formula).forEach((part) => {
    settle(shape, found, answers, context).spots.forEach((spot) => {
      if (spot.part !== part || !wanted(spot)) return;
      const node = read(lookThrough(shape), 'default', part.default_formula);
      if (node) found = put(shape, found, spot.place, toText(evaluate(node, spot.here())));
    });
  });
  return found;
}

const isEmptyRow = (row) => Object.values(row).every((one) => one === '' || one === null || one === undefined
  || (Array.isArray(one) && one.every((inner) => isRecord(inner) && isEmptyRow(inner))));

/* Without what a choice_filter does not offer any more. */
function fitChoices(shape, data, answers, context) {
  let found = data;
  settle(shape, data, answers, context).spots.forEach((spot) => {
    if (!spot.part.choice_filter || spot.part.question || spot.hidden || isOpen(spot.given)) return;
    const there = new Set(spot.offered().map((one) => one.name));
    const { stored } = spot.given;
    const rest = [].concat(stored).filter((one) => there.has(one) || (spot.part.or_other && one === OTHER));
    if (rest.length < [].concat(stored).length) found = put(shape, found, spot.place, Array.isArray(stored) ? rest : '');
  });
  return found;
}

export function fitRows(shape, given, answers, context) {
  const isFiltered = shape.parts.some((part) => part.choice_filter);
  let found = isFiltered ? fitChoices(shape, given, answers, context) : given;
  settle(shape, found, answers, context).spots.forEach((spot) => {
    const { wanted } = spot;
    if (wanted === null || spot.hidden) return;
    for (let count = spot.rows; count < Math.min(wanted, MOST_ROWS); count += 1) found = addRow(shape, found, spot.place, answers, context);
    const rows = valueAt(found, spot.place) || [];
    let kept = rows.length;
    while (kept > wanted && isEmptyRow(rows[kept - 1])) kept -= 1;
    if (kept < rows.length) found = put(shape, found, spot.place, rows.slice(0, kept));
  });
  return found;
}

/* What the form knows of some data. */
function sift(form, parts, data) {
  const found = {};
  parts.filter((part) => part.kind !== 'group' && !part.question).forEach((part) => {
    [part.key, ...(part.or_other ? [`${part.key}_other`] : [])].filter((key) => has(data, key)).forEach((key) => {
      const value = data[key];
      if (part.kind !== 'repeat') found[key] = value;
      else if (Array.isArray(value)) found[key] = value.filter(isRecord).map((row) => sift(form, form.inside.get(part.path), row));
    });
  });
  return found;
}

export function begin(shape, data, answers = {}, context = {}) {
  const form = lookThrough(shape);
  const found = data === null || data === undefined
    ? withDefaults(shape, {}, answers, context)
    : sift(form, form.inside.get(''), isRecord(data) ? data : {});
  return fitRows(shape, found, answers, context);
}
