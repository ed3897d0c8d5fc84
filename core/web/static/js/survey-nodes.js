/* The parts of a form as they are drawn: questions, groups, repeats and their rows. Used by survey-view.js. */

import { control } from './survey-controls.js';
import { el, newId } from './survey-elements.js';
import { itemControl } from './survey-items.js';
import { addRow, dropRow, valueAt } from './survey-rows.js';

const UNSEEN = ['hidden', 'today', 'start', 'end', 'deviceid', 'username'];
export const isSeen = (part) => part.kind !== 'field' || (!UNSEEN.includes(part.type) && (part.type !== 'calculate' || Boolean(part.label)));

/* ---- one drawn part; its place changes when a row before its own is taken away ---- */
class Drawn {
  constructor(view, part, row) {
    this.view = view;
    this.part = part;
    this.row = row; // the row of a repeat that it stands in, or null
    this.id = newId(view.options.prefix);
    this.kids = [];
  }

  get place() {
    return `${this.row ? `${this.row.place}.` : ''}${this.part.key}`;
  }

  get spot() {
    return this.view.settled.spots.get(this.place);
  }

  label() {
    const { part, view } = this;
    return (part.label && this.spot ? this.spot.said(part.label, view.locale) : '') || part.name;
  }

  hint() {
    return this.part.hint && this.spot ? this.spot.said(this.part.hint, this.view.locale) : '';
  }

  illustration() {
    const { part, view } = this;
    const [zh, en] = part.image || [];
    const names = [view.locale === 'en' ? en || zh : zh || en, part.question ? part.name : '', part.question || ''].filter(Boolean);
    const address = names.map((name) => view.options.picture(name)).find(Boolean);
    if (!address) return null;
    const image = el('img.sc-survey-image', { src: address, loading: 'lazy', alt: view.say('survey.illustration', { label: this.label() }) });
    image.addEventListener('error', () => image.remove());
    return image;
  }

  each(work) {
    work(this);
    this.kids.forEach((kid) => kid.each(work));
  }
}

class FieldNode extends Drawn {
  draw() {
    const { view, part, id } = this;
    this.touched = false;
    this.told = '';
    this.name = el('span', {});
    this.must = el('span.sc-survey-must', { 'aria-hidden': 'true', hidden: true }, '*');
    this.said = el('p.hint', { id: `${id}-hint`, hidden: true });
    this.wrong = el('p.sc-survey-error', { id: `${id}-error`, role: 'alert', hidden: true });
    this.shown = el('p.sc-survey-value', { hidden: true });
    if (part.type === 'note' || part.type === 'calculate') return this.plain();
    this.control = part.question ? itemControl(this) : control(this);
    const legend = el('legend', { id: `${id}-label` }, this.name, this.must);
    this.element = el('fieldset.sc-question.sc-survey-field', { id },
      legend, this.said, this.illustration(), this.control.element, this.shown, this.wrong);
    // What stands here belongs to no form: the page sends its entries in one field.
    this.element.querySelectorAll('input, select, textarea').forEach((one) => one.setAttribute('form', `${id}-none`));
    return this.element;
  }

  plain() {
    this.element = el('div.sc-question.sc-survey-note', { id: this.id, tabIndex: -1 }, el('p', {}, this.name), this.said, this.illustration(), this.shown);
    return this.element;
  }

  describedBy() {
    return `${this.id}-hint ${this.id}-error`;
  }

  value() {
    const { part, view } = this;
    return part.question ? view.answers()[part.question] : valueAt(view.data, this.place);
  }

  other() {
    return valueAt(this.view.data, `${this.place}_other`) || '';
  }

  /* A new answer; where it is still being typed nothing is found fault with yet. */
  give(value, isTyping = false) {
    this.told = '';
    if (!isTyping) this.touched = true;
    if (this.part.question) this.view.options.answer(this.part.question, value);
    else this.view.put(this.place, value);
    this.view.update();
  }

  giveOther(text) {
    this.view.put(`${this.place}_other`, text);
    this.view.update();
  }

  left() {
    this.touched = true;
    this.view.update();
  }

  refresh() {
    const { spot, part } = this;
    this.element.hidden = !spot || spot.hidden;
    if (!spot) return;
    this.name.textContent = this.label();
    this.said.textContent = this.hint();
    this.said.hidden = !this.said.textContent;
    if (part.type === 'note') return;
    const value = part.type === 'calculate' || spot.computed || spot.readOnly() ? this.words() : null;
    this.shown.textContent = value === null ? '' : value || '–';
    this.shown.hidden = value === null;
    if (part.type === 'calculate') return;
    const must = spot.required() || Boolean(part.question);
    this.must.hidden = !must;
    this.control.element.hidden = value !== null && (Boolean(part.read_only) || part.type === 'calculate');
    if (!part.read_only) this.shown.hidden = true;
    this.control.refresh(spot, must);
    this.showFault();
  }

  showFault() {
    const { view, part } = this;
    const busy = this.control.isBusy && this.control.isBusy() ? view.say('survey.waiting') : '';
    const said = this.told || (view.isJudged || this.touched ? view.faultOf(this.place) : '') || (view.isJudged ? busy : '');
    if (this.wrong.textContent !== said) this.wrong.textContent = said;
    this.wrong.hidden = !said;
    this.element.classList.toggle('is-wrong', Boolean(said));
    if (!part.question) this.control.mark(Boolean(said));
  }

  /* The answer in words, where it cannot be changed. */
  words() {
    const { spot, view, part } = this;
    const { stored } = spot.given;
    if (stored === null || stored === undefined || stored === 'NaN') return ''; // what cannot be worked out yet
    const list = view.options.shape.lists[part.choices] || [];
    const named = (one) => { const found = list.find((choice) => choice.name === one); return found && found.label ? spot.said(found.label, view.locale) || one : one; };
    return Array.isArray(stored) ? stored.map(named).join(' ') : String(named(stored));
  }

  focus() {
    const first = this.element.querySelector('input:not([hidden]), select, textarea, button');
    this.element.scrollIntoView({ block: 'center' });
    (first || this.element).focus();
  }
}

class GroupNode extends Drawn {
  draw() {
    this.title = el(`h${this.view.options.heading}.sc-survey-title`, { hidden: true });
    this.said = el('p.muted', { hidden: true });
    this.kids = this.view.nodesIn(this.part, this.row);
    this.element = el('section.sc-survey-group', { id: this.id }, this.title, this.said, this.kids.map((kid) => kid.draw()));
    return this.element;
  }

  refresh() {
    this.element.hidden = !this.spot || this.spot.hidden;
    if (!this.spot) return;
    this.title.textContent = this.part.label ? this.label() : '';
    this.title.hidden = !this.title.textContent;
    this.said.textContent = this.hint();
    this.said.hidden = !this.said.textContent;
    this.kids.forEach((kid) => kid.refresh());
  }

  focus() {
    const first = this.kids.find((kid) => !kid.element.hidden);
    if (first) first.focus();
  }
}

/* One row of a repeat: its number is what it is now. */
class Row {
  constructor(repeat) {
    this.repeat = repeat;
    repeat.rows.push(this); // its number counts from here on
    this.title = el(`h${repeat.view.options.heading + 1}.sc-survey-title`, { tabIndex: -1 });
    this.off = el('button.btn.sc-survey-off', { type: 'button', onclick: () => repeat.drop(this) });
    this.kids = repeat.view.nodesIn(repeat.part, this);
    this.element = el('div.sc-survey-row', { role: 'group' }, el('div.sc-survey-rowhead', {}, this.title, this.off), this.kids.map((kid) => kid.draw()));
  }

  get number() {
    return this.repeat.rows.indexOf(this) + 1;
  }

  get place() {
    return `${this.repeat.place}[${this.number}]`;
  }

  refresh() {
    const { view } = this.repeat;
    const said = { label: this.repeat.rowName(), n: this.number };
    this.title.textContent = view.say('survey.row', said);
    this.element.setAttribute('aria-label', this.title.textContent);
    this.off.textContent = view.say('survey.remove', said);
    this.kids.forEach((kid) => kid.refresh());
  }
}

class RepeatNode extends Drawn {
  draw() {
    this.rows = [];
    this.title = el(`h${this.view.options.heading}.sc-survey-title`, {});
    this.said = el('p.muted', { hidden: true });
    this.list = el('div.sc-survey-rows', {});
    this.none = el('p.muted.sc-survey-none', {}, this.view.say('survey.noRows'));
    this.wrong = el('p.sc-survey-error', { role: 'alert', hidden: true });
    this.add = el('button.btn.sc-survey-add', { type: 'button', onclick: () => this.more() });
    this.element = el('section.sc-survey-repeat', { id: this.id }, this.title, this.said, this.list, this.none, this.wrong, this.add);
    return this.element;
  }

  rowName() {
    return this.part.label ? this.label() : this.view.say('survey.entry');
  }

  more() {
    this.told = '';
    this.view.data = addRow(this.view.options.shape, this.view.data, this.place, this.view.answers(), this.view.context());
    this.view.update();
    const last = this.rows[this.rows.length - 1];
    const first = last && last.kids.find((kid) => !kid.element.hidden);
    if (first) first.focus();
  }

  drop(row) {
    const { view } = this;
    const filled = Object.values(valueAt(view.data, row.place) || {}).some((one) => one !== '' && !(Array.isArray(one) && !one.length));
    const text = view.say('survey.removeSure', { label: this.rowName(), n: row.number });
    if (filled) Promise.resolve(view.options.confirm(text)).then((sure) => { if (sure) this.takeAway(row); });
    else this.takeAway(row);
  }

  takeAway(row) {
    const { view } = this;
    view.data = dropRow(view.options.shape, view.data, this.place, row.number);
    this.told = '';
    row.element.remove();
    this.rows = this.rows.filter((one) => one !== row);
    view.update();
    if (!this.add.hidden) this.add.focus();
  }

  refresh() {
    const { spot, view } = this;
    this.element.hidden = !spot || spot.hidden || (spot.wanted === 0 && !spot.rows);
    if (!spot) return;
    while (this.rows.length > spot.rows) this.rows.pop().element.remove();
    while (this.rows.length < spot.rows) {
      this.list.append(new Row(this).element);
    }
    const { wanted } = spot;
    this.title.textContent = this.part.label ? this.label() : '';
    this.title.hidden = !this.title.textContent;
    this.said.textContent = this.hint();
    this.said.hidden = !this.said.textContent;
    this.none.hidden = this.rows.length > 0;
    this.add.textContent = view.say('survey.add', { label: this.rowName() });
    this.add.hidden = wanted !== null && spot.rows >= wanted;
    const said = this.told || view.faultOf(this.place);
    this.wrong.textContent = said;
    this.wrong.hidden = !said;
    this.rows.forEach((row) => {
      row.off.hidden = wanted !== null && spot.rows <= wanted;
      row.refresh();
    });
  }

  each(work) {
    work(this);
    this.rows.forEach((row) => row.kids.forEach((kid) => kid.each(work)));
  }

  focus() {
    this.element.scrollIntoView({ block: 'center' });
    const first = this.element.querySelector('input, select, textarea, button:not([hidden])');
    if (first) first.focus();
  }
}

export const KINDS = { field: FieldNode, group: GroupNode, repeat: RepeatNode };
