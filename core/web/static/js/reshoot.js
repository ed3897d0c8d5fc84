/* Taking the same view again on a phone: photos are made smaller here, collected one after another, and shown beside the old one. */

const { prepare } = await import(new URL(`photo-shrink.js${new URL(import.meta.url).search}`, import.meta.url).href);
const form = document.querySelector('form[data-guest]');
const boxes = form ? [...form.querySelectorAll('[data-reshoot]')] : [];
let running = 0;
let wanted = null;

function tally() {
  const place = form.querySelector('[data-tally-here]');
  const done = boxes.filter((box) => box.querySelector('input[type=file]').files.length).length;
  if (place) place.textContent = form.dataset.tally.replace('{done}', done).replace('{all}', boxes.length);
}
function carry(input, kept) {
  const files = new DataTransfer();
  kept.forEach((file) => files.items.add(file));
  input.files = files.files;
  tally();
}
function show(box, input, kept, file) {
  const shots = box.querySelector('[data-shots]');
  const frame = document.createElement('div');
  frame.className = 'frame';
  const image = document.createElement('img');
  image.alt = file.name;
  image.src = URL.createObjectURL(file);
  image.onload = () => URL.revokeObjectURL(image.src);
  const remove = document.createElement('button');
  remove.type = 'button';
  remove.textContent = '×';
  remove.setAttribute('aria-label', input.dataset.remove);
  remove.onclick = () => { kept.delete(file); frame.remove(); carry(input, kept); };
  frame.append(image, remove);
  shots.append(frame);
}
function watch(box) {
  const input = box.querySelector('input[type=file]');
  const kept = new Set();
  input.addEventListener('change', async () => {
    const chosen = [...input.files].filter((file) => !kept.has(file));
    running += 1;
    box.setAttribute('aria-busy', 'true');
    for (const one of chosen) {
      if (kept.size >= Number(input.dataset.max)) break;
      const file = await prepare(one).then((made) => made.blob, () => one);
      kept.add(file);
      show(box, input, kept, file);
    }
    box.removeAttribute('aria-busy');
    running -= 1;
    carry(input, kept);
    if (!running && wanted) { const by = wanted; wanted = null; form.requestSubmit(by); }
  });
}

if (form && globalThis.DataTransfer) {
  boxes.forEach(watch);
  form.addEventListener('submit', (event) => {
    if (!running) return;
    event.preventDefault();
    wanted = event.submitter;
  });
}
