/* Puts a list in order: by dragging its grips with mouse, pen or finger, by arrow buttons, or by numbers. One save sends the
 * numbers; until then everything can be taken back. Without script the numbers alone do it. */

const EDGE = 64; // pixels from the window's edge at which a drag scrolls
const STEP = 12; // pixels that it scrolls by each time

const form = document.querySelector('[data-order]');
const list = form?.querySelector('ol');
const rows = () => [...list.children];
const number = (row) => row.querySelector('input[inputmode]');
let first = [];

/** Write the places into the numbers, and say whether anything is to be saved. */
function settle(moved) {
  const now = rows();
  now.forEach((row, place) => { number(row).value = place + 1; });
  form.querySelector('[data-order-changed]').hidden = now.every((row, place) => row === first[place]);
  if (!moved) return;
  const said = form.dataset.said.replace('{name}', moved.dataset.name).replace('{n}', now.indexOf(moved) + 1);
  form.querySelector('[data-order-said]').textContent = said;
}

/** Put a row at a place, counted from 0. The others move: a row that is taken out loses its pointer and its focus. */
function put(row, place) {
  let here = rows().indexOf(row);
  for (; here < place && row.nextElementSibling; here += 1) row.before(row.nextElementSibling);
  for (; here > place && row.previousElementSibling; here -= 1) row.after(row.previousElementSibling);
}

function step(button) {
  const row = button.closest('li');
  put(row, rows().indexOf(row) + Number(button.dataset.move));
  row.scrollIntoView({ block: 'nearest' });
  settle(row);
}

/* ---- dragging ---- */
/** The place that a row has when its middle is at a height of the window. */
function placeAt(row, y) {
  const others = rows().filter((one) => one !== row);
  const place = others.findIndex((one) => { const box = one.getBoundingClientRect(); return y < box.top + box.height / 2; });
  return place < 0 ? others.length : place;
}

function scroll(y) {
  if (y < EDGE) scrollBy(0, -STEP);
  else if (y > innerHeight - EDGE) scrollBy(0, STEP);
}

function drag(event) {
  const grip = event.target.closest('[data-grip]');
  if (!grip || event.button > 0) return;
  event.preventDefault();
  const row = grip.closest('li');
  const before = rows();
  grip.setPointerCapture(event.pointerId);
  row.classList.add('is-dragged');
  let y = event.clientY;
  const follow = () => { scroll(y); put(row, placeAt(row, y)); };
  const timer = setInterval(follow, 40); // a finger that rests at the edge goes on scrolling
  const move = (moved) => { y = moved.clientY; };
  const stop = (ended) => {
    clearInterval(timer);
    ['pointermove', 'pointerup', 'pointercancel'].forEach((name, at) => grip.removeEventListener(name, at ? stop : move));
    row.classList.remove('is-dragged');
    y = ended.clientY;
    if (ended.type === 'pointercancel') list.append(...before);
    else put(row, placeAt(row, y));
    settle(row);
  };
  grip.addEventListener('pointermove', move);
  grip.addEventListener('pointerup', stop);
  grip.addEventListener('pointercancel', stop);
}

if (list) {
  first = rows();
  list.querySelectorAll('[data-grip], [data-moves]').forEach((one) => { one.hidden = false; });
  list.addEventListener('pointerdown', drag);
  list.addEventListener('click', (event) => { const button = event.target.closest('[data-move]'); if (button) step(button); });
  list.addEventListener('change', (event) => {
    const row = event.target.closest('li');
    if (event.target !== number(row)) return;
    const place = Number.parseInt(event.target.value, 10);
    if (place > 0) put(row, place - 1);
    settle(row);
  });
  form.addEventListener('reset', () => setTimeout(() => { list.append(...first); settle(); }));
  form.addEventListener('keydown', (event) => { // Enter in a number moves its row; it does not send the form
    if (event.key !== 'Enter' || !event.target.matches('input[inputmode]')) return;
    event.preventDefault();
    event.target.dispatchEvent(new Event('change', { bubbles: true }));
  });
}
