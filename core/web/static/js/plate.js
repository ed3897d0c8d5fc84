/* A citizen's report: photos leave the phone small. Without this script, or where it fails, they leave as they are. */

const beside = (name) => new URL(`${name}${new URL(import.meta.url).search}`, import.meta.url).href;
const form = document.querySelector('[data-plate]');
const input = form?.querySelector('input[type=file]');
const told = form?.querySelector('[data-told]');

/** Put smaller copies in the field's place; what cannot be shrunk stays as it is. */
async function shrink(files) {
  const { prepare } = await import(beside('photo-shrink.js'));
  const kept = new DataTransfer();
  for (const file of files) {
    let small = file;
    try {
      const made = await prepare(file);
      small = new File([made.blob], 'photo.jpg', { type: 'image/jpeg' });
    } catch { /* the server reads it, or says what is wrong with it */ }
    kept.items.add(small);
  }
  return kept.files;
}

input?.addEventListener('change', async () => {
  const button = form.querySelector('button:not([name])');
  button.disabled = true;
  told.textContent = form.dataset.preparing;
  try {
    input.files = await shrink([...input.files].slice(0, Number(input.dataset.most)));
    told.textContent = input.files.length ? form.dataset.ready : '';
  } catch {
    told.textContent = '';
  } finally {
    button.disabled = false;
  }
});
