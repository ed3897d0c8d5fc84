/* One visit (现场检查): one list by where one stands, big buttons, everything kept at each tap. */

import { Asking } from './asking.js';
import { el, confirmed, newId, pick, say, show, toast } from './basics.js';
import { shutter, thumbs } from './camera.js';
import { GOOD_RATING, KNOWN, asked, bodyOf, fails, isWhole, lacks, passing, tally } from './judge.js';
import { answerRow } from './answers.js';
import { entryPhotos, goneOf } from './entries.js';
import { figure } from './pictures.js';
import { draft as readDraft, drafts, dropDraft, keepDraft, photosOf, planOf, queue, site as siteOf, state } from './state.js';

/** The draft for a site: the one that was begun, else a new one under a number of its own. */
async function begin(siteId, roundId = '') {
  const begun = (await drafts()).find((one) => one.site === siteId && (one.round || '') === roundId);
  if (begun) return begun;
  const site = siteOf(siteId);
  const plan = site && planOf(site);
  if (!plan) return null;
  const stop = roundId && state.bundle.stops.find((one) => one.site === siteId && one.round === roundId);
  const all = [...new Set(plan.forms.map((form) => form.campaign))];
  const wanted = stop ? all.filter((key) => stop.campaigns.includes(key)) : [];
  return {
    round: roundId, round_title: stop ? stop.title : '',
    id: newId(), site: siteId, site_name: site.name, unit: site.unit, person: state.me.person, person_name: state.me.name, plan, open: site.open || {},
    campaigns: wanted.length ? wanted : all, started_at: new Date().toISOString(),
    answers: {}, entries: {}, photos: {}, after: {}, notes: {}, severities: {}, deals: {}, note: '',
  };
}

/** Draw the visit of a site, or of a draft that comes back to be mended. */
export async function drawVisit(page, siteId, draftId, roundId) {
  const draft = draftId ? await readDraft(draftId) : await begin(siteId, roundId);
  if (!draft) { show(page.main, el('p.calm', {}, say('notHere'))); return; }
  const view = new View(page, draft);
  view.draw();
}

class View {
  constructor(page, draft) {
    this.page = page;
    this.draft = draft;
    draft.finished_at = null; // one that comes back to be mended goes on now
    this.lines = new Map();
  }

  keep() { keepDraft(this.draft); }

  draw() {
    const { page, draft } = this;
    page.title(draft.site_name, [draft.round_title, draft.unit].filter(Boolean).join(' · '));
    if (draft.plan.groups.some((group) => group.questions.some((one) => !KNOWN.includes(one.type)))) {
      show(page.main, el('p.calm', {}, say('otherKind')), el('p', {}, el('a.button', { href: page.online(draft.site) }, say('onlineForm'))));
      return;
    }
    this.lines.clear();
    this.asking = new Asking(draft, () => { this.keep(); this.sift(); this.foot(); });
    const groups = asked(draft).map((group) => {
      const lines = group.questions.flatMap((one) => [this.line(one), ...this.asking.blocks(one.code).map((block) => el('li.more', {}, block))]);
      return el('section.group', {}, this.groupHead(group), el('ol.lines', {}, lines));
    });
    const note = el('textarea', { rows: 2, maxLength: 2000, value: draft.note, placeholder: say('wholeNote'), 'aria-label': say('whole'), oninput: (event) => { draft.note = event.target.value; this.keep(); } });
    const drop = el('button.plain', { type: 'button', onclick: () => this.drop() }, say('dropDraft'));
    show(page.main, this.chooser(), this.asking.blocks(''), groups, el('section.group', {}, el('h2', {}, say('whole')), note), this.beside(), el('p.end', {}, drop));
    this.sift();
    this.foot();
    this.tell();
  }

  /** Leave out what conditions hide, and number the rest. */
  sift() {
    this.gone = goneOf(this.draft, this.asking.settled());
    let number = 0;
    this.lines.forEach(({ line }, code) => {
      line.hidden = this.gone.has(code);
      if (!line.hidden) { number += 1; line.querySelector('.no').textContent = String(number); }
    });
    this.page.main.querySelectorAll('.group-head').forEach((head) => { head.hidden = !head.parentElement.querySelector('.line:not([hidden])'); });
  }

  /** Lead back to what the server refused. */
  tell() {
    const told = this.draft.told || [];
    if (!told.length) return;
    this.draft.told = [];
    setTimeout(() => {
      const isSaid = this.asking.tell(told);
      const [first] = told.map((fault) => [this.lines.get(fault.field.replace(/^(answers|photos|notes|fixed|again|severities)\./, '').split('.')[0]), fault.said]).filter(([line]) => line);
      if (!first) return;
      first[0].line.append(el('p.lack', { role: 'alert' }, first[1]));
      if (!isSaid) first[0].line.scrollIntoView({ block: 'center' });
    }, 0);
  }

  /** The way to what no form asks: it goes with the same round, of a secret one as hidden. */
  beside() {
    if (!state.me?.may.includes('report')) return null;
    return el('p.end', {}, el('a', { href: `#/find/at/${this.draft.site}/${this.draft.round || ''}` }, say('findHere')));
  }

  /** Which campaigns are answered, when there are several. */
  chooser() {
    const { draft } = this;
    const known = new Map(draft.plan.forms.map((form) => [form.campaign, pick(form.campaign_title)]));
    if (known.size < 2) return null;
    const boxes = [...known].map(([key, title]) => {
      const turn = (event) => {
        draft.campaigns = [...known.keys()].filter((one) => (one === key ? event.target.checked : draft.campaigns.includes(one)));
        if (!draft.campaigns.length) draft.campaigns = [key];
        this.keep();
        this.draw();
      };
      return el('label.check', {}, el('input', { type: 'checkbox', checked: draft.campaigns.includes(key), onchange: turn }), title);
    });
    return el('details.chooser', {}, el('summary', {}, `${say('campaigns')} ${draft.campaigns.length}/${known.size}`), el('div', {}, boxes), el('p.faint', {}, say('campaignsNote')));
  }

  groupHead(group) {
    const pass = el('button.all', { type: 'button', onclick: () => this.passAll(group) }, say(group.questions.some((one) => one.type === 'rating10') ? 'groupPassRated' : 'groupPass', { n: GOOD_RATING }));
    return el('div.group-head', {}, el('h2', {}, pick(group.title)), group.questions.some(passing) ? pass : null);
  }

  passAll(group) {
    const open = group.questions.filter((one) => !this.gone.has(one.code) && !this.draft.answers[one.code] && passing(one));
    if (!open.length) return;
    open.forEach((one) => { this.draft.answers[one.code] = passing(one); this.refresh(one); });
    this.settle();
    toast(say('groupPassed', { n: open.length }), say('undo'), () => {
      open.forEach((one) => { delete this.draft.answers[one.code]; this.refresh(one); });
      this.settle();
    });
  }

  /** Items were answered: conditions follow, all of it is kept. */
  settle() {
    this.asking.refresh();
    this.keep();
    this.sift();
    this.foot();
  }

  line(question) {
    const { draft } = this;
    const code = question.code;
    const hints = [...question.hints.map(pick), question.key && say('keyItem'), question.items > 1 && say('shared', { n: question.items })].filter(Boolean);
    const standing = draft.open[code]?.same || [];
    const numbers = standing.map(([, name]) => name || say('unnumbered')).join(' ');
    const head = el('div.ask-head', {}, el('p.ask', {}, el('span.no'), pick(question.text)), figure(code, pick(question.text)), el('div.snap'));
    const line = el('li.line', { id: `q-${code}` }, head,
      hints.length ? el('p.hint', {}, hints.join(' · ')) : null,
      standing.length ? el('p.standing', {}, say('standing', { numbers })) : null);
    const row = answerRow(question, () => draft.answers[code], (answer) => this.answer(question, answer));
    const beside = el('div.beside');
    line.append(row.element, beside);
    this.lines.set(code, { question, line, row, beside });
    this.refresh(question);
    return line;
  }

  answer(question, answer) {
    const before = fails(question, this.draft.answers[question.code]);
    if (answer) this.draft.answers[question.code] = answer;
    else delete this.draft.answers[question.code];
    const same = this.draft.open[question.code]?.same;
    if (!before && fails(question, answer) && same?.length && !this.draft.deals[question.code]) [[this.draft.deals[question.code]]] = same;
    this.refresh(question);
    this.settle();
  }

  refresh(question) {
    const { line, row, beside } = this.lines.get(question.code);
    const answer = this.draft.answers[question.code];
    const bad = isWhole(question, answer) && fails(question, answer);
    row.refresh();
    line.classList.toggle('is-bad', bad);
    line.classList.toggle('is-done', isWhole(question, answer));
    line.classList.remove('is-lacking');
    line.querySelector('.lack')?.remove();
    // The camera stands beside the question; what is wrong asks for a photo in full size.
    const keys = this.draft.photos[question.code] || [];
    show(line.querySelector('.snap'), bad ? null : this.camera(question, 'photos', say('photo'), false));
    show(beside, bad ? this.dealing(question) : null, bad || keys.length ? el('div.proof', {}, bad ? this.camera(question, 'photos', say('photo'), true) : null, this.pictures(question, 'photos')) : null);
    if (bad || this.draft.notes[question.code]) beside.append(this.noteOf(question));
  }

  setPhotos(question, kind, keys) {
    this.draft[kind][question.code] = keys;
    this.keep();
    this.refresh(question);
  }

  camera(question, kind, label, big) {
    const now = () => this.draft[kind][question.code] || [];
    return shutter(pick(question.text), async (key) => this.setPhotos(question, kind, [...now(), key]), { label, big, room: () => 9 - now().length });
  }

  pictures(question, kind) {
    const keys = this.draft[kind][question.code] || [];
    return thumbs(keys, async (key) => this.setPhotos(question, kind, keys.filter((one) => one !== key)));
  }

  noteOf(question) {
    const { draft } = this;
    return el('textarea', { rows: 1, maxLength: 2000, value: draft.notes[question.code] || '', placeholder: say('note'), 'aria-label': say('note'), oninput: (event) => { draft.notes[question.code] = event.target.value; this.keep(); } });
  }

  /** How grave it is, and what is done about it. */
  dealing(question) {
    const { draft } = this;
    const code = question.code;
    const { same = [], alike = [] } = draft.open[code] || {};
    const grave = el('div.pills', { role: 'group', 'aria-label': say('severity') }, state.bundle.severities.map(([key, name]) => el('button.pill', {
      type: 'button', 'aria-pressed': String((draft.severities[code] || 'ordinary') === key),
      onclick: () => { draft.severities[code] = key; this.keep(); this.refresh(question); },
    }, pick(name))));
    const named = (list, key) => list.map(([id, number]) => [id, say(key, { number: number || say('unnumbered') })]);
    const options = [...named(same, 'dealAgain'), same.length ? ['another', say('dealAnother')] : ['open', say('dealOpen')], ['fixed', say('dealFixed')], ...named(alike, 'dealAlike')];
    const chosen = draft.deals[code] || options[0][0];
    const deal = el('select', { 'aria-label': say('deal'), onchange: (event) => { draft.deals[code] = event.target.value; this.keep(); this.refresh(question); } },
      options.map(([value, text]) => el('option', { value, selected: value === chosen }, text)));
    const after = chosen === 'fixed' ? el('div.proof', {}, this.camera(question, 'after', say('photoAfter'), true), this.pictures(question, 'after')) : null;
    return el('div.deal', {}, grave, deal, after);
  }

  foot() {
    const sums = tally(this.draft, this.asking.settled());
    // The button stays: a tap on it takes the focus from a field, whose change must not replace it under the finger.
    if (!this.bar) {
      [this.bar, this.said] = [el('progress'), el('b')];
      this.page.foot(el('div.tally', {}, this.bar, this.said), el('button.main', { type: 'button', onclick: () => this.submit() }, say('submit')));
    }
    [this.bar.max, this.bar.value, this.said.textContent] = [sums.all || 1, sums.done, say('progress', sums)];
    this.bar.setAttribute('aria-label', this.said.textContent);
  }

  async submit() {
    const { draft } = this;
    this.asking.refresh(); // by the clock of now
    const lacking = lacks(draft, this.asking.settled());
    if (lacking.size) { this.point(lacking); return; }
    draft.finished_at = new Date().toISOString();
    const spare = entryPhotos(draft).hidden; // of what a condition hides: not sent
    const photos = photosOf(draft).filter((key) => !spare.includes(key));
    const entry = { id: draft.id, kind: 'visit', title: draft.site_name, body: bodyOf(draft), photos, spare, draft };
    try { await queue(entry, draft.id); } catch { toast(say('notSaved')); return; }
    toast(say('queued'));
    this.page.go('');
  }

  point(lacking) {
    const wrong = this.asking.judge();
    const items = [...lacking].filter(([code]) => this.lines.has(code));
    items.forEach(([code, why]) => {
      const { line } = this.lines.get(code);
      line.classList.add('is-lacking');
      line.querySelector('.lack')?.remove();
      if (why !== 'missing') line.append(el('p.lack', { role: 'alert' }, say(why)));
    });
    const missing = [...lacking.values()].filter((why) => why === 'missing').length;
    if (items.length) this.lines.get(items[0][0]).line.scrollIntoView({ block: 'center' }); else wrong?.go();
    toast(missing ? say('missing', { n: missing }) : items.length ? say(items[0][1]) : wrong?.text || say('refusedNote'));
  }

  async drop() {
    if (!(await confirmed(say('dropDraftAsk'), say('drop')))) return;
    await dropDraft(this.draft);
    this.page.go('');
  }
}
