/* What a draft says to the questions beside the items (填写内容): settled by the form's own conditions, as the server will.
 *
 * A draft keeps `entries` by the form's hash, as they were typed; photos among them are keys of this phone's own photos. What the
 * conditions hide leaves the list, the tally and the body, and is back with its answer when they show it again. */

import { spellNow } from '../js/formula.js';
import { settle } from '../js/survey-model.js';
import { begin, valueAt } from '../js/survey-rows.js';

/** The forms of a draft that ask more than their items, of the campaigns that were chosen. */
export const designed = (draft) => draft.plan.forms.filter((form) => form.survey && draft.campaigns.includes(form.campaign));

const spell = (moment) => spellNow(moment, -moment.getTimezoneOffset());
/** When and by whom it is filled in: while it is being filled in now, of a finished one when it was finished. */
export function contextOf(draft) {
  const now = spell(draft.finished_at ? new Date(draft.finished_at) : new Date());
  const start = spell(new Date(draft.started_at));
  return { now, meta: { today: now.slice(0, 10), start, end: now, username: draft.person_name || '' } };
}

/** What a form says so far; its defaults stand there from the beginning. */
export function entriesOf(draft, form) {
  draft.entries = draft.entries || {};
  if (!draft.entries[form.sha256]) draft.entries[form.sha256] = begin(form.survey, null, draft.answers, contextOf(draft));
  return draft.entries[form.sha256];
}
export const settleForm = (draft, form) => settle(form.survey, entriesOf(draft, form), draft.answers, contextOf(draft));

/** Every form of a draft settled: `[form, settled]`. */
export const settleAll = (draft) => designed(draft).map((form) => [form, settleForm(draft, form)]);

/** The questions that none of the chosen forms asks, because each of them hides all its items that ask it. */
export function goneOf(draft, all = settleAll(draft)) {
  if (!all.length) return new Set();
  const hidden = new Map(all.map(([form, settled]) => [form.sha256, settled.questions]));
  const chosen = draft.plan.forms.filter((form) => draft.campaigns.includes(form.campaign)).map((form) => form.sha256);
  const codes = new Set(all.flatMap(([, settled]) => [...settled.questions]));
  return new Set(draft.plan.groups.flatMap((group) => group.questions).filter((one) => codes.has(one.code)
    && chosen.filter((sha256) => one.forms.includes(sha256)).every((sha256) => hidden.get(sha256)?.has(one.code))).map((one) => one.code));
}

/** The body's entries: by form, without what is hidden and without what is empty. */
export const bodyEntries = (draft) => Object.fromEntries(settleAll(draft).map(([form, settled]) => [form.sha256, settled.entries]).filter(([, said]) => Object.keys(said).length));

/** The keys of the photos that are answers: those that are sent, and those that a condition hides now. */
export function entryPhotos(draft) {
  const [shown, hidden] = [new Set(), new Set()];
  (draft.plan?.forms || []).filter((form) => form.survey && draft.entries?.[form.sha256]).forEach((form) => {
    const isChosen = draft.campaigns.includes(form.campaign);
    const data = draft.entries[form.sha256];
    settleForm(draft, form).spots.forEach((spot) => {
      const key = spot.part.type === 'image' ? valueAt(data, spot.place) : '';
      if (key) (isChosen && !spot.hidden ? shown : hidden).add(key);
    });
  });
  return { shown: [...shown], hidden: [...hidden] };
}

/** Where a fault of the server's lies: `{form, place}` of "entries.<form code>.<place>"; null for others. */
export function whereOf(draft, field) {
  const form = (draft.plan?.forms || []).find((one) => one.survey && field.startsWith(`entries.${one.code}.`));
  return form ? { form, place: field.slice(`entries.${form.code}.`.length) } : null;
}
