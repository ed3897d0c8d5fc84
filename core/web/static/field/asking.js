/* The questions beside the items on the phone (题目以外的题): the views of survey-view.js for the forms of one draft, kept at each tap. */

import { SurveyView } from '../js/survey-view.js';
import { confirmed, el, isEnglish, pick, say, show } from './basics.js';
import { shutter, thumbs } from './camera.js';
import { contextOf, designed, whereOf } from './entries.js';
import { pictureOf } from './pictures.js';

/** Where an image question is answered: the camera, and the picture once there is one. */
function entryPhoto({ label, value, give }) {
  const element = el('div.proof');
  let shown = null;
  const refresh = (key) => {
    if (key === shown) return;
    shown = key;
    show(element, key ? thumbs([key], async () => give('')) : shutter(label, async (made) => give(made), { label: say('photo'), big: true, room: () => 1 }));
  };
  refresh(value || '');
  return { element, refresh: (key) => refresh(key || '') };
}

export class Asking {
  /** `changed` is called after every change of an answer beside the items. */
  constructor(draft, changed) {
    this.draft = draft;
    draft.entries = draft.entries || {};
    this.views = designed(draft).map((form) => [form, new SurveyView({
      shape: form.survey, say, locale: isEnglish() ? 'en' : 'zh', data: draft.entries[form.sha256] || null, prefix: `s${form.sha256.slice(0, 6)}`,
      answers: () => draft.answers, context: () => contextOf(draft), picture: pictureOf, photo: entryPhoto,
      confirm: (text) => confirmed(text, say('drop')),
      changed: (view) => { draft.entries[form.sha256] = view.data; if (!this.isQuiet) changed(); },
    })]);
    this.views.forEach(([form, view]) => { draft.entries[form.sha256] = view.data; });
  }

  /** Each form with what holds of it now, as tally() and the others take it. */
  settled() { return this.views.map(([form, view]) => [form, view.settled]); }

  /** What is asked after a question; '' for the top, there under the form's title. */
  blocks(code) {
    return this.views.map(([form, view]) => {
      const block = view.block(code);
      return block && !code ? el('section.group', {}, el('h2', {}, pick(form.title)), block) : block;
    }).filter(Boolean);
  }

  /** An answer of an item changed. */
  refresh() {
    this.isQuiet = true;
    this.views.forEach(([, view]) => view.refresh());
    this.isQuiet = false;
  }

  /** Show all that is wrong; gives how to go to the first of it, null when nothing is. */
  judge() {
    const wrong = this.views.flatMap(([, view]) => view.judge().map(({ place, text }) => ({ view, place, text })));
    return wrong.length ? { count: wrong.length, text: wrong[0].text, go: () => wrong[0].view.focus(wrong[0].place) } : null;
  }

  /** Show what the server said of some answers; says whether any of it is said here. */
  tell(faults) {
    const said = faults.map((fault) => [whereOf(this.draft, fault.field), fault.said]).filter(([where]) => where);
    const told = said.map(([{ form, place }, text]) => {
      const [, view] = this.views.find(([one]) => one === form) || [];
      view?.tell([{ place, text }]);
      return () => view?.focus(place);
    });
    told[0]?.();
    return told.length > 0;
  }
}
