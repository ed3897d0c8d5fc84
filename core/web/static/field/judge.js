/* Which answers open a finding (立案界限), as the server will judge, and what the answers so far come to. */

import { bodyEntries, goneOf, settleAll } from './entries.js';

/** Whether an answer fails one of the question's items. */
export function fails(question, answer) {
  if (!answer || answer.na) return false;
  const { kinds = {}, limits = {} } = question;
  if (question.type === 'yes_no') return kinds[answer.yes ? 'yes' : 'no'] === 'bad';
  if (question.type === 'rating10') return kinds[String(answer.rating)] === 'bad';
  if (question.type === 'count') {
    return (limits.below !== undefined && answer.count < limits.below) || (limits.beyond !== undefined && answer.count >= limits.beyond);
  }
  return limits.missing !== undefined && answer.m - answer.n >= limits.missing;
}
/** Whether an answer is whole: both numbers of a share, and not more of them than there are. */
export function isWhole(question, answer) {
  if (!answer) return false;
  if (answer.na) return true;
  if (question.type === 'yes_no') return typeof answer.yes === 'boolean';
  if (question.type === 'rating10') return Number.isInteger(answer.rating);
  if (question.type === 'count') return Number.isInteger(answer.count) && answer.count >= 0;
  return Number.isInteger(answer.n) && Number.isInteger(answer.m) && answer.n >= 0 && answer.n <= answer.m;
}
export const GOOD_RATING = 9; // the lowest that is "good"; the button says so

/** The answer that means "all right here"; null where it cannot be known (a share needs what was looked at). */
export function passing(question) {
  const { kinds = {}, limits = {} } = question;
  if (question.type === 'yes_no') {
    const good = ['yes', 'no'].filter((value) => kinds[value] === 'good');
    return good.length === 1 ? { yes: good[0] === 'yes' } : null;
  }
  if (question.type === 'rating10' && kinds[GOOD_RATING] === 'good') return { rating: GOOD_RATING };
  // What must be counted (so many adverts) is not guessed; that nothing was found is what "all right" says.
  if (question.type === 'count' && limits.beyond !== undefined && limits.below === undefined) return { count: 0 };
  return null;
}
export const KNOWN = ['yes_no', 'rating10', 'count', 'n_of_m'];

/** The questions that a draft asks: those of the campaigns that were chosen, each once, but for those in `gone`. */
export function asked(draft, gone = new Set()) {
  const forms = new Set(chosenForms(draft));
  return draft.plan.groups
    .map((group) => ({ ...group, questions: group.questions.filter((one) => !gone.has(one.code) && one.forms.some((form) => forms.has(form))) }))
    .filter((group) => group.questions.length);
}
export const chosenForms = (draft) => draft.plan.forms.filter((form) => draft.campaigns.includes(form.campaign)).map((form) => form.sha256);
/* What must be answered beside the items, as far as it is visible. */
const musts = (all) => all.flatMap(([, settled]) => {
  const open = new Set(settled.faults.filter((one) => one.kind === 'missing').map((one) => one.place));
  return [...settled.spots.values()].filter((spot) => spot.part.kind === 'field' && !spot.part.question && !spot.hidden && spot.required()).map((spot) => !open.has(spot.place));
});

/** What the answers come to; `all` are the designed forms settled, whose hidden items are not asked and whose duties count. */
export function tally(draft, all = settleAll(draft)) {
  const questions = asked(draft, goneOf(draft, all)).flatMap((group) => group.questions);
  const beside = musts(all);
  return {
    questions,
    all: questions.length + beside.length,
    done: questions.filter((one) => isWhole(one, draft.answers[one.code])).length + beside.filter(Boolean).length,
    bad: questions.filter((one) => isWhole(one, draft.answers[one.code]) && fails(one, draft.answers[one.code])).length,
  };
}

/** What a draft lacks: by question the key of a text, and by `entries.<form>.<place>` the kind of a fault. */
export function lacks(draft, all = settleAll(draft)) {
  const found = new Map();
  all.forEach(([form, settled]) => settled.faults.forEach((fault) => found.set(`entries.${form.code}.${fault.place}`, fault.kind)));
  tally(draft, all).questions.forEach((one) => {
    const answer = draft.answers[one.code];
    if (answer && one.type === 'n_of_m' && answer.n > answer.m) found.set(one.code, 'tooMany');
    else if (!isWhole(one, answer)) found.set(one.code, 'missing');
    else if (fails(one, answer) && draft.deals[one.code] === 'fixed') {
      if (!draft.photos[one.code]?.length) found.set(one.code, 'needBefore');
      else if (!draft.after[one.code]?.length) found.set(one.code, 'needAfter');
    }
  });
  return found;
}

/** The body as it is sent; what a passing question has beside it stays behind, but for photos and notes. */
export function bodyOf(draft) {
  const { questions } = tally(draft);
  const entries = bodyEntries(draft);
  const failed = new Set(questions.filter((one) => fails(one, draft.answers[one.code])).map((one) => one.code));
  const of = (values, codes) => Object.fromEntries(questions.filter((one) => codes(one.code) && values[one.code]).map((one) => [one.code, values[one.code]]));
  const any = () => true;
  const isFailed = (code) => failed.has(code);
  const plain = ['', 'open', 'another', 'fixed'];
  return {
    site_id: draft.site,
    answers: of(draft.answers, any),
    photos: of(draft.photos, (code) => draft.photos[code]?.length),
    notes: of(draft.notes, (code) => draft.notes[code]?.trim()),
    severities: of(draft.severities, isFailed),
    fixed: of(draft.after, (code) => isFailed(code) && draft.deals[code] === 'fixed'),
    again: of(draft.deals, (code) => isFailed(code) && !plain.includes(draft.deals[code] || '')),
    forms: chosenForms(draft),
    started_at: draft.started_at,
    finished_at: draft.finished_at,
    note: draft.note || '',
    ...(Object.keys(entries).length ? { entries } : {}),
    ...(draft.round ? { round_id: draft.round } : {}),
  };
}
