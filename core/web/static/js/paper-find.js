/* The place of a sheet, found while one types: arrows choose, Enter opens, one result needs no choosing. */

const form = document.querySelector('[data-paper-find]');
const field = form?.querySelector('[type=search]');
const list = form?.querySelector('[data-found]');
const told = form?.querySelector('[data-told]');
let chosen = -1;
let asked = 0;
let waiting = 0;
let isNewer = false; // something was typed that no answer has come for yet
let opens = false; // Enter came before the answer

function show(items) {
  list.replaceChildren(...items.map((item, at) => {
    const line = document.createElement('li');
    line.id = `pa-found-${at}`;
    line.setAttribute('role', 'option');
    line.dataset.site = item.id;
    line.append(item.name);
    const below = document.createElement('span');
    below.className = 'sub';
    below.textContent = [item.code, item.unit, item.address, item.types_text].filter(Boolean).join(' · ');
    line.append(below);
    return line;
  }));
  field.setAttribute('aria-expanded', String(items.length > 0));
  told.textContent = items.length ? '' : form.dataset.none;
  choose(items.length ? 0 : -1);
}
function choose(at) {
  const lines = [...list.children];
  chosen = lines.length ? (at + lines.length) % lines.length : -1;
  lines.forEach((line, number) => {
    line.classList.toggle('is-chosen', number === chosen);
    line.setAttribute('aria-selected', String(number === chosen));
  });
  if (chosen < 0) field.removeAttribute('aria-activedescendant');
  else {
    field.setAttribute('aria-activedescendant', lines[chosen].id);
    lines[chosen].scrollIntoView({ block: 'nearest' });
  }
}
function open(line) {
  const address = new URL(form.dataset.paperOpen, location.href);
  address.searchParams.set('site', line.dataset.site);
  location.assign(address);
}
async function look() {
  const sought = field.value.trim();
  const mine = ++asked;
  if (!sought) { show([]); told.textContent = ''; isNewer = false; return; }
  const answer = await fetch(`${form.dataset.paperFind}?q=${encodeURIComponent(sought)}`, { credentials: 'same-origin' }).catch(() => null);
  if (mine !== asked) return;
  isNewer = false;
  show(answer?.ok ? (await answer.json()).items.slice(0, 10) : []);
  if (opens && chosen >= 0) open(list.children[chosen]);
  opens = false;
}

if (form) {
  list.replaceChildren();
  list.setAttribute('role', 'listbox');
  field.setAttribute('role', 'combobox');
  field.setAttribute('aria-controls', list.id);
  field.setAttribute('aria-expanded', 'false');
  field.setAttribute('aria-autocomplete', 'list');
  field.addEventListener('input', () => {
    isNewer = true;
    opens = false;
    clearTimeout(waiting);
    waiting = setTimeout(look, 150);
  });
  field.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      choose(chosen + (event.key === 'ArrowDown' ? 1 : -1));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (isNewer) {
        opens = true;
        clearTimeout(waiting);
        look();
      } else if (chosen >= 0) open(list.children[chosen]);
    }
  });
  list.addEventListener('click', (event) => {
    const line = event.target.closest('li');
    if (line) open(line);
  });
  if (field.value) look();
}
