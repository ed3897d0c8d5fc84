/* Copies a link or key that is shown once. Without script, or without the right to the clipboard, it can be selected by hand. */

/** Whether the text is on the clipboard now; the old way is for browsers and permissions that know no other. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand('copy');
  }
}

document.querySelectorAll('[data-copy]').forEach((button) => {
  const source = document.getElementById(button.dataset.copy);
  button.hidden = false;
  source.addEventListener('focus', () => source.select());
  button.addEventListener('click', async () => {
    source.focus();
    source.select();
    if (await copied(source.value)) button.textContent = button.dataset.copied;
  });
});
