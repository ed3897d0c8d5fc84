/* Clocks of whistles go on counting by the server's time; the place of a new one may come from the device. */

const said = document.querySelector('[data-clock-words]')?.dataset;
const ahead = said ? Date.parse(said.now) - Date.now() : 0;

function words(minutes) {
  const hours = Math.floor(minutes / 60);
  if (hours && minutes % 60 === 0) return said.h.replace('{h}', hours);
  return hours ? said.hm.replace('{h}', hours).replace('{m}', minutes % 60) : said.m.replace('{m}', minutes);
}
function tick() {
  document.querySelectorAll('[data-clock]').forEach((clock) => {
    const left = Date.parse(clock.dataset.clock) - Date.now() - ahead;
    const minutes = Math.floor(Math.abs(left) / 60000);
    if (minutes >= 48 * 60) return;
    clock.textContent = (left >= 0 ? said.left : said.late).replace('{span}', words(minutes));
    if (left < 0) { clock.classList.remove('is-neutral', 'is-plain', 'is-soon'); clock.classList.add('is-overdue'); }
  });
}
if (said) setInterval(tick, 10000);

const locate = document.querySelector('[data-locate]');
if (locate && navigator.geolocation && window.isSecureContext) {
  locate.hidden = false;
  locate.addEventListener('click', () => navigator.geolocation.getCurrentPosition((found) => {
    document.getElementById('f-longitude').value = found.coords.longitude.toFixed(6);
    document.getElementById('f-latitude').value = found.coords.latitude.toFixed(6);
  }));
}
