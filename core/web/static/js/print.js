/* A page that is also a paper: its print button shows itself only where it can print. */

document.querySelectorAll('[data-print]').forEach((button) => {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
});
