/* The projector view (投影): arrow keys, page keys and a presenter's remote turn the points; letters that are typed stay letters. */

const TURNS = {
  ArrowRight: 'next', PageDown: 'next', ArrowLeft: 'prev', PageUp: 'prev',
};

document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('input, select, textarea, dialog');
  const turn = TURNS[event.key];
  if (!turn || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const link = document.querySelector(`.mt-nav a[rel="${turn}"]`);
  if (!link) return;
  event.preventDefault();
  location.assign(link.href);
});
