/* Copies a link or key that is shown once. Without script, or without the right to the clipboard, it can be selected by hand. */

document.querySelectorAll('[data-copy]').forEach((button) => {
  const source = document.getElementById(button.dataset.copy);
  button.hidden = false;
  source.addEventListener('focus', () => source.select());
  button.addEventListener('click', async () => {
    source.focus();
    source.select();
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(source.value);
      else if (!document.execCommand('copy')) return;
    } catch { return; }
    button.textContent = button.dataset.copied;
  });
});
