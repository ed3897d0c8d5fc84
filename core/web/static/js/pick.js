/* A long select that one can search: the field above it narrows the options and picks the first that fits. */

document.querySelectorAll('[data-pick]').forEach((field) => {
  const select = document.getElementById(field.dataset.pick);
  const all = [...select.options];
  field.hidden = false;
  field.addEventListener('input', () => {
    const sought = field.value.trim().toLowerCase();
    const fits = (option) => option.text.toLowerCase().includes(sought) || (option.dataset.pinyin || '').replaceAll(' ', '').includes(sought.replaceAll(' ', ''));
    const kept = all.filter((option) => !sought || !option.value || fits(option));
    const before = select.value;
    select.replaceChildren(...kept);
    const first = kept.find((option) => option.value);
    if (sought && first) select.value = first.value;
    else select.value = before;
  });
});
