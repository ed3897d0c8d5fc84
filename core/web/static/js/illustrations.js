/* Sends many illustrations one by one, so that no request grows too large; without script the form sends them together. */

const form = document.getElementById('many');
const told = form?.querySelector('[data-many]');

/** One line about one file. */
function line(list, text) {
  const found = document.createElement('li');
  found.textContent = text;
  list.append(found);
  return found;
}

/** What became of one file: taken in, or why not. */
async function send(file) {
  const body = new FormData(form);
  body.delete('files');
  body.append('files', file);
  try {
    const answer = await fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json' } });
    const said = await answer.json();
    return said.taken ? told.dataset.taken : (said.faults ?? []).join(' ') || told.dataset.failed;
  } catch {
    return told.dataset.failed;
  }
}

form?.addEventListener('submit', async (event) => {
  const files = [...form.querySelector('input[type=file]').files];
  if (!files.length) return;
  event.preventDefault();
  const [list, button] = [told.querySelector('ul'), form.querySelector('button')];
  told.hidden = false;
  button.disabled = true;
  list.replaceChildren();
  for (const file of files) {
    const shown = line(list, `${file.name} ${told.dataset.sending}`);
    const said = await send(file);
    shown.textContent = said.startsWith(file.name) ? said : `${file.name} ${said}`;
  }
  button.disabled = false;
  told.querySelector('a').hidden = false;
});
