/* The further questions of a visit's forms on its page, on top of visit.js: each where its form puts it, between the items.
 *
 * What is said goes along in the hidden fields `entries.<sha256>`, which drafts keep. Items that a condition hides leave the list
 * and the tally. A form of which nothing of its own was answered is not sent, so that its defaults ask for nothing. */

import { el } from './survey-elements.js';
import { commonOptions, readData } from './survey-page.js';
import { SurveyView } from './survey-view.js';

const page = new URL(import.meta.url);
const photos = () => import(new URL(`photo.js${page.search}`, page).href); // the very module that sancheng.js loads

const form = document.querySelector('#visit, #paper'); // a visit, or a filled sheet that is typed in
const box = form && form.querySelector('[data-survey]');

/* ---- the items' answers, as the page holds them ---- */
const numbers = ['count', 'rating', 'n', 'm'];
function answerOf(question) {
  const found = {};
  question.querySelectorAll('input[name^="a."]').forEach((input) => {
    const part = input.name.slice(input.name.lastIndexOf('.') + 1);
    const isBox = input.type === 'radio' || input.type === 'checkbox';
    if (isBox ? !input.checked : input.value.trim() === '') return;
    if (part === 'na' || input.value === 'na') found.na = true;
    else found[part] = numbers.includes(part) && /^\d{1,9}$/.test(input.value.trim()) ? Number(input.value) : input.value.trim();
  });
  return found;
}
function answers() {
  const found = {};
  form.querySelectorAll('[data-question]').forEach((question) => {
    const answer = answerOf(question);
    if (Object.keys(answer).length) found[question.id.replace(/^q-/, '')] = answer;
  });
  return found;
}

/* ---- a draft ---- */
function kept(name) {
  if (!form.dataset.draft || form.querySelector('.sc-toast.is-error:not([hidden])')) return null;
  try {
    const found = new Map(JSON.parse(localStorage.getItem(`sc-draft:${location.pathname}:${form.dataset.draft}`))).get(name);
    const said = found ? JSON.parse(found) : {};
    return Object.keys(said).length ? said : null;
  } catch { return null; }
}

/* ---- photos: the page's own box, with one photo ---- */
function photoBox(data) {
  const template = form.querySelector('template[data-survey-photo]');
  return ({ id, value, give, refresh }) => {
    const field = template.content.firstElementChild.cloneNode(true);
    const upload = field.querySelector('[data-photo]');
    const input = field.querySelector('input[type=file]');
    const label = field.querySelector('label');
    field.querySelector('.caption').remove();
    Object.assign(input, { id: `${id}-file`, name: '' });
    Object.assign(label, { htmlFor: input.id, id: `${id}-take` });
    input.setAttribute('aria-labelledby', `${id}-label ${label.id}`);
    upload.dataset.name = `${id}-photo`;
    if (value) upload.querySelector('.sent').append(el('li', {}, el('img', { src: data.photo.replace('SHA256', value), alt: '' }), el('input', { type: 'hidden', value })));
    const sent = () => [...upload.querySelectorAll('.sent input[type=hidden]')].map((one) => one.value).filter(Boolean);
    upload.addEventListener('photo:changed', () => {
      upload.querySelectorAll('.sent input[type=hidden]').forEach((one) => one.removeAttribute('name')); // it goes along in the entries
      const [now = ''] = sent();
      if (now !== value) { value = now; give(now); } else refresh();
    });
    const isBusy = () => [...upload.querySelectorAll('.sent > li:not(.is-error)')].some((one) => !one.querySelector('input[type=hidden]'));
    return { element: field, isBusy };
  };
}

/* ---- the forms on this page ---- */
class Sheet {
  constructor(data, shape, changed) {
    this.shape = shape;
    this.field = form.elements[`entries.${shape.sha256}`];
    this.asks = Object.keys(data.asked).filter((code) => data.asked[code].includes(shape.sha256));
    const own = this.asks.filter((code) => data.asked[code].length === 1);
    this.own = own.length ? own : this.asks;
    const said = kept(this.field.name) || data.entries[shape.sha256] || null;
    this.isBegun = Boolean(said);
    this.view = new SurveyView({
      ...commonOptions(data), shape, data: said, prefix: `s${shape.sha256.slice(0, 8)}`, photo: photoBox(data), answers,
      context: () => ({ meta: data.meta }), changed: () => changed(this),
    });
    this.typed = JSON.stringify(this.view.data);
  }

  /* Whether this form is answered at all: as the server takes it. */
  get isSent() {
    if (JSON.stringify(this.view.data) !== this.typed) this.isBegun = true;
    const given = answers();
    return this.isBegun || this.own.some((code) => code in given);
  }

  place() {
    const top = this.view.block('');
    const title = document.documentElement.lang.startsWith('en') ? this.shape.title[1] || this.shape.title[0] : this.shape.title[0];
    if (top) box.append(el('section', {}, el('h2.sc-spot', {}, title), top));
    this.shape.laid.filter((one) => one.after).forEach((one) => {
      const question = document.getElementById(`q-${one.after}`);
      if (!question) return;
      let last = question;
      while (last.nextElementSibling && last.nextElementSibling.matches('.sc-survey')) last = last.nextElementSibling;
      last.after(this.view.block(one.after));
    });
  }

  carry() {
    const said = JSON.stringify(this.isSent ? this.view.entries() : {});
    if (this.field.value === said) return;
    this.field.value = said;
    this.field.dispatchEvent(new Event('input', { bubbles: true })); // the draft is kept
  }
}

function start() {
  const data = readData(box);
  const sheets = [];
  let working = false;

  /* Items that no form asks any more leave the list; sections with nothing in them leave with them. */
  function hide() {
    let moved = false;
    const hidden = new Map(sheets.map((sheet) => [sheet.shape.sha256, sheet.view.settled.questions]));
    form.querySelectorAll('[data-question]').forEach((question) => {
      const code = question.id.replace(/^q-/, '');
      const gone = (data.asked[code] || []).length > 0 && data.asked[code].every((sha256) => hidden.has(sha256) && hidden.get(sha256).has(code));
      if (question.hidden !== gone) { question.hidden = gone; moved = true; }
    });
    [...form.querySelectorAll('section')].filter((one) => !one.closest('.sc-survey')).forEach((section) => {
      const parts = [...section.children].filter((one) => !one.matches('.sc-spot'));
      section.hidden = parts.every((one) => one.hidden);
    });
    const counted = form.querySelector('[data-question] .no');
    if (moved && counted) counted.dispatchEvent(new Event('input', { bubbles: true })); // the tally counts again
  }

  function changed() {
    if (working) return;
    working = true;
    hide();
    sheets.forEach((sheet) => sheet.carry());
    working = false;
    if (form.querySelector('[data-photo]:not([data-ready])')) photos().then((it) => it.watchAll(form));
  }

  data.forms.forEach((shape) => sheets.push(new Sheet(data, shape, changed)));
  sheets.forEach((sheet) => sheet.place());
  sheets.forEach((sheet) => sheet.view.refresh());

  /* An answer of an item may be what a condition waits for. */
  form.addEventListener('input', (event) => {
    if (working || !event.target.closest('[data-question]')) return;
    sheets.forEach((sheet) => sheet.view.refresh());
  });

  /* ---- faults: the server's, and our own before anything is sent ---- */
  const jump = (sheet, place) => (event) => { event.preventDefault(); sheet.view.focus(place); };
  data.faults.forEach(({ form: code, place, text }) => {
    const sheet = sheets.find((one) => one.shape.code === code);
    if (sheet) sheet.view.tell([{ place, text }]);
  });
  document.querySelectorAll('[data-survey-jump]').forEach((link) => {
    const sheet = sheets.find((one) => one.shape.code === link.dataset.form);
    if (!sheet) return;
    link.textContent = sheet.view.nameOf(link.dataset.place);
    link.addEventListener('click', jump(sheet, link.dataset.place));
  });
  document.addEventListener('submit', (event) => {
    if (event.target !== form || event.defaultPrevented) return;
    const wrong = sheets.filter((sheet) => sheet.isSent).map((sheet) => sheet.view.judge().map((one) => ({ sheet, ...one }))).flat();
    const said = form.querySelector('[data-survey-wrong]');
    said.hidden = !wrong.length;
    if (!wrong.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    said.querySelector('ul').replaceChildren(...wrong.map(({ sheet, place, text }) => el('li', {},
      el('a', { href: `#${form.id}`, onclick: jump(sheet, place) }, sheet.view.nameOf(place)), ' ', text)));
    said.scrollIntoView({ block: 'center' });
    said.focus();
  }, true);
}

if (box) start();
