/* The first page (今日): what was begun, where checks send one, and the sites that are due, nearest or longest unvisited first. */

import { day, el, far, metres, moment, say, show, slug, today, toast, whereAmI } from './basics.js';
import { askJson, fetchBundle } from './sender.js';
import { drafts, mine, outbox, state, takeAlong } from './state.js';

const STEP = 30; // sites that are drawn at a time
let order = 'urgent';
let shown = STEP;

const norm = (text) => (text || '').toLowerCase();
function matches(site, word) {
  return !word || [site.name, site.address, site.code].some((text) => norm(text).includes(word)) || norm(site.pinyin).replace(/\s/g, '').startsWith(word);
}

function siteLine(page, site, marks) {
  const { begun, waiting } = marks;
  const open = new Set(Object.values(site.open || {}).flatMap((one) => one.same.map(([id]) => id))).size;
  const last = waiting.has(site.id) ? say('waitingHere') : site.last === today() ? say('doneToday') : site.last ? say('lastVisit', { day: day(site.last) }) : say('neverVisited');
  const away = state.where && site.at ? far(metres(state.where, site.at)) : '';
  return el('li', {}, el('a.site', { href: page.visit(site.id) },
    el('span.name', {}, site.name),
    el('span.meta', {}, [site.unit, last, away].filter(Boolean).join(' · ')),
    begun.has(site.id) ? el('span.mark.is-begun', {}, say('drafting')) : null,
    open ? el('span.mark.is-open', {}, say('openHere', { n: open })) : null));
}

function sorted(sites, named) {
  const place = new Map(named.map((id, n) => [id, n]));
  const first = (site) => (place.has(site.id) ? place.get(site.id) : 1e6);
  const away = (site) => (state.where && site.at ? metres(state.where, site.at) : 1e9);
  const due = (site) => site.last || '';
  const by = order === 'near' ? (one, other) => away(one) - away(other) : (one, other) => first(one) - first(other) || (due(one) < due(other) ? -1 : due(one) > due(other) ? 1 : 0);
  return [...sites].sort(by);
}

export async function drawHome(page) {
  const { bundle, me } = state;
  page.title(say('app'), me ? me.tenant : '');
  if (!bundle) { show(page.main, notices(), el('p.calm', {}, state.online ? say('updating') : say('never'))); page.foot(); return; }
  const [begun, entries] = await Promise.all([drafts(), outbox()]);
  const marks = { begun: new Set(begun.map((one) => one.site)), waiting: new Set(mine(entries).filter((one) => one.kind === 'visit' && one.state !== 'sent').map((one) => one.body.site_id)) };
  const list = el('ul.sites');
  const more = el('button.plain', { type: 'button', onclick: () => { shown += STEP; draw(); } }, say('more'));
  const search = el('input', { type: 'search', placeholder: say('searchSite'), 'aria-label': say('searchSite'), oninput: () => { draw(); later(); } });
  const draw = () => {
    const word = norm(search.value.trim());
    const found = sorted(bundle.sites.filter((one) => matches(one, word)), bundle.sent.map((one) => one.site));
    show(list, found.slice(0, shown).map((one) => siteLine(page, one, marks)));
    if (!found.length) show(list, el('li.calm', {}, word ? say('notHere') : say('noSites'), word ? null : el('p.faint', {}, say('noSitesNote'))));
    more.hidden = found.length <= shown;
  };
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    if (search.value.trim().length < 2 || !state.online) return;
    timer = setTimeout(async () => {
      const answer = await askJson(`/t/${slug}/field/sites?q=${encodeURIComponent(search.value.trim())}`);
      if (answer.status === 200) { await takeAlong(answer.body); draw(); }
    }, 400);
  };
  const sent = bundle.sent.length ? el('section', {}, el('h2', {}, say('sent')), el('ul.sites', {}, bundle.sent.slice(0, 5).map((one) => {
    const site = bundle.sites.find((known) => known.id === one.site);
    return site ? el('li', {}, el('a.site', { href: page.visit(site.id) }, el('span.name', {}, site.name), el('span.meta', {}, `${one.title} · ${day(one.due_on)}`))) : null;
  }))) : null;
  const begunList = begun.length ? el('section', {}, el('h2', {}, say('drafts')), el('ul.sites', {}, begun.map((one) => el('li', {}, el('a.site', { href: `#/${one.kind === 'report' ? 'find' : 'draft'}/${one.id}` }, el('span.name', {}, one.site_name || say('find')), el('span.meta', {}, moment(one.updated_at || one.started_at))))))) : null;
  show(page.main, notices(), begunList, stopList(page, bundle), sent,
    el('section', {}, el('div.group-head', {}, el('h2', {}, say('todo')), orderButton(page)), search, list, more), aboutLine(page));
  draw();
  page.foot();
}

/** Where rounds send one today; a secret one is said to be secret, and is a visit of its own. */
function stopList(page, bundle) {
  const lines = bundle.stops.map((one) => {
    const site = bundle.sites.find((known) => known.id === one.site);
    if (!site) return null;
    const meta = [one.title, one.line, say('until', { day: day(one.ends_on) })].filter(Boolean).join(' · ');
    return el('li', {}, el('a.site', { href: page.visit(one.site, one.round) }, el('span.name', {}, site.name), el('span.meta', {}, meta), one.secret ? el('span.mark.is-open', {}, say('secret')) : null));
  }).filter(Boolean);
  return lines.length ? el('section', {}, el('h2', {}, say('rounds')), el('ul.sites', {}, lines)) : null;
}

function notices() {
  const found = [];
  if (!globalThis.isSecureContext) found.push(el('p.notice', {}, say('insecure')));
  else if (!navigator.serviceWorker) found.push(el('p.notice', {}, say('keepOpen')));
  if (!state.online) found.push(el('p.notice', {}, say('offlineNote')));
  return found;
}

function orderButton(page) {
  return el('button.all', {
    type: 'button',
    onclick: async () => {
      order = order === 'near' ? 'urgent' : 'near';
      if (order === 'near') {
        const found = await whereAmI();
        if (!found) { order = 'urgent'; toast(say('placeNone')); return; }
        state.where = found.at;
        if (state.online) fetchBundle(slug, state.me.person, found.at).then((status) => { if (status === 200) page.reload(); });
      }
      drawHome(page);
    },
  }, say(order === 'near' ? 'urgentFirst' : 'nearFirst'));
}

function aboutLine(page) {
  const { bundle, me } = state;
  return el('p.about', {}, say('who', { name: me.name }), ' · ', say('updated', { at: moment(bundle.at) }), ' ',
    el('button.link', { type: 'button', onclick: () => page.refresh(true) }, say('update')), ' ',
    el('a', { href: `/t/${slug}/` }, say('fullSite')), ' ', page.installer(), ' ',
    el('button.link', { type: 'button', lang: document.documentElement.lang === 'en' ? 'zh-CN' : 'en', onclick: () => page.turnLanguage() }, document.documentElement.lang === 'en' ? '中文' : 'English'));
}
