/* A list of boxes for units: a field narrows it, and the number of ticked ones follows. Without it the list works as it is. */

const field = document.querySelector('[data-units]');
const list = field?.closest('fieldset');
const fits = (label, sought) => label.textContent.toLowerCase().includes(sought);

function narrow() {
  const sought = field.value.trim().toLowerCase();
  list.querySelectorAll('details').forEach((group) => {
    const labels = [...group.querySelectorAll('.boxes label')];
    labels.forEach((label) => { label.hidden = Boolean(sought) && !fits(label, sought); });
    group.hidden = labels.every((label) => label.hidden);
    if (sought && !group.hidden) group.open = true;
  });
}

function tell() {
  const said = list.querySelector('[data-units-count]');
  said.textContent = said.dataset.unitsCount.replace('#', list.querySelectorAll('input:checked').length);
  list.querySelectorAll('details').forEach((group) => {
    const all = group.querySelectorAll('.boxes input');
    group.querySelector('summary .muted').textContent = `${group.querySelectorAll('.boxes input:checked').length}/${all.length}`;
  });
}

if (list) {
  field.hidden = false;
  field.addEventListener('input', narrow);
  field.addEventListener('keydown', (event) => { if (event.key === 'Enter') event.preventDefault(); });
  list.addEventListener('change', tell);
  tell();
}
