/* The questions of a designed form on a page: one renderer for the visit page, corrections, paper, the preview and the phone.

     const view = new SurveyView({ shape, say, ... });
     view.block('road_clean')   the element with what is asked after that question; '' the top; null where there is nothing.
                                Ask for every code of shape.laid once and put the elements where they belong
     view.whole()               the element with the whole form, items included (the preview)
     view.refresh()             when an answer of an item or the clock changed
     view.judge()               show all that is wrong, also what was not looked at yet; gives [{ place, text }]
     view.tell([{ place, text }])   show what the server said; each goes when its answer changes
     view.focus(place)          bring a question into sight and into focus; false when it is not drawn
     view.nameOf(place)         the question's label, for lists of faults
     view.settled               what survey-model.js says of it now: hidden questions, faults, calculations
     view.entries()             what is sent: {key: value} of all that is visible (also what is typed wrong, so that the server says so)
     view.data                  all that is typed, also what is hidden now: for a draft

   Options: shape (shapes.py; needed), say(key, {n: 1}) (needed; keys of survey_words.py, placeholders filled by it),
   locale ("zh" or "en"), data (of a draft; null begins with the defaults), answers() (items' raw answers by question code),
   context() ({ now, meta } of survey-model.js), changed(view) (after every change), picture(name) (file name -> address of
   the illustration, or ''), answer(code, raw) (whole() alone: an item was answered), prefix (of ids, when several forms are
   on one page), heading (the level of group titles: 3), confirm(text) -> true or a promise of it,
   photo({ place, label, value, give, describedBy }) -> { element, refresh(value)?, isBusy()? }: where an image question is
   answered; give(reference) keeps one, give('') takes it away. Without it a reference can be seen only.

   No text and no style stands here; classes are in css/survey.css. */

import { el } from './survey-elements.js';
import { lookThrough } from './survey-form.js';
import { settle } from './survey-model.js';
import { KINDS, isSeen } from './survey-nodes.js';
import { begin, fitRows, put } from './survey-rows.js';

export class SurveyView {
  constructor(options) {
    this.options = {
      locale: 'zh', data: null, answers: () => ({}), context: () => ({}), changed: () => {}, picture: () => '', answer: () => {},
      prefix: 's', heading: 3, photo: null, confirm: (text) => window.confirm(text), ...options,
    };
    this.say = this.options.say;
    this.locale = String(this.options.locale).startsWith('en') ? 'en' : 'zh';
    this.form = lookThrough(this.options.shape);
    this.isJudged = false;
    this.tops = []; // what was drawn, in the order drawn
    this.boxes = [];
    this.data = begin(this.options.shape, this.options.data, this.answers(), this.context());
    this.settle();
  }

  answers() { return this.options.answers(); }

  context() { return this.options.context(); }

  settle() {
    this.settled = settle(this.options.shape, this.data, this.answers(), this.context());
    this.faults = new Map();
    this.settled.faults.forEach((fault) => { if (!this.faults.has(fault.place)) this.faults.set(fault.place, fault); });
  }

  put(place, value) { this.data = put(this.options.shape, this.data, place, value); }

  update() {
    this.data = fitRows(this.options.shape, this.data, this.answers(), this.context());
    this.settle();
    this.draw();
    this.options.changed(this);
  }

  refresh() { this.update(); }

  entries() { return this.settled.entries; }

  /* ---- drawing ---- */
  node(part, row = null) { return new KINDS[part.kind](this, part, row); }

  nodesIn(part, row) {
    const mine = (one) => one.above.length && one.above[one.above.length - 1] === part.path && isSeen(one);
    return this.options.shape.parts.filter(mine).map((one) => this.node(one, row));
  }

  block(after) {
    const laid = this.options.shape.laid.find((one) => one.after === after);
    if (!laid) return null;
    const box = el('div.sc-survey', {});
    let run = null;
    laid.parts.forEach((path) => {
      const part = this.form.parts.get(path);
      const round = part.above.map((one) => this.form.parts.get(one)).filter((one) => one.label);
      const under = round.map((one) => one.path).join(' ');
      if (!run || run.under !== under) {
        run = new Run(this, under, round);
        this.tops.push(run);
        box.append(run.element);
      }
      run.add(this.node(part));
    });
    this.boxes.push(box);
    this.draw();
    return box;
  }

  draw() {
    this.tops.forEach((one) => one.refresh());
    this.boxes.forEach((box) => { box.hidden = [...box.children].every((run) => run.hidden); });
  }

  whole() {
    const run = new Run(this, '', []);
    this.options.shape.parts.filter((part) => !part.above.length && isSeen(part)).forEach((part) => run.add(this.node(part)));
    this.tops.push(run);
    run.refresh();
    return el('div.sc-survey', {}, run.element);
  }

  /* ---- what is wrong ---- */
  faultOf(place) {
    const fault = this.faults.get(place);
    return fault ? this.spoken(fault) : '';
  }

  spoken(fault) {
    const own = fault.said && (this.locale === 'en' ? fault.said[1] : fault.said[0]);
    if (own) return own;
    const [message, remedy] = [this.say(`survey.${fault.kind}`, fault.params), this.say(`survey.fix.${fault.kind}`, fault.params)];
    return this.say('survey.fault', { message, remedy });
  }

  judge() {
    this.isJudged = true;
    this.update();
    const waiting = [];
    this.each((node) => { if (node.control && !node.element.hidden && node.control.isBusy && node.control.isBusy()) waiting.push(node.place); });
    return [...[...this.faults.values()].map((fault) => ({ place: fault.place, text: this.spoken(fault) })),
      ...waiting.map((place) => ({ place, text: this.say('survey.waiting') }))];
  }

  tell(said) {
    said.forEach(({ place, text }) => {
      const node = this.find(place);
      if (node) node.told = text;
    });
    this.draw();
  }

  each(work) { this.tops.forEach((one) => one.kids.forEach((kid) => kid.each(work))); }

  find(place) {
    let found = null;
    this.each((node) => { if (!found && node.place === place) found = node; });
    return found;
  }

  nameOf(place) {
    const node = this.find(place);
    const named = (one) => (one.row ? [...named(one.row.repeat), this.say('survey.row', { label: one.row.repeat.rowName(), n: one.row.number })] : []);
    return node ? [...named(node), node.label()].join(' · ') : place;
  }

  focus(place) {
    const node = this.find(place);
    if (!node || node.element.hidden) return false;
    node.focus();
    return true;
  }
}

/* Parts that stand together, under the labels of the groups that were opened up round them. */
class Run {
  constructor(view, under, round) {
    this.view = view;
    this.under = under;
    this.round = round;
    this.kids = [];
    this.title = el(`h${view.options.heading}.sc-survey-title`, { hidden: true });
    this.element = el('div.sc-survey-run', {}, this.title);
  }

  add(node) {
    this.kids.push(node);
    this.element.append(node.draw());
  }

  refresh() {
    this.kids.forEach((kid) => kid.refresh());
    const labels = this.round.map((one) => {
      const spot = this.view.settled.spots.get(one.key);
      return spot ? spot.said(one.label, this.view.locale) : '';
    }).filter(Boolean);
    this.title.textContent = labels.join(' / ');
    this.element.hidden = this.kids.every((kid) => kid.element.hidden);
    this.title.hidden = !labels.length;
  }
}
