/* "Nearest to me": asks for the position when the button is pressed, never before, and puts it into the page's address. */

const button = document.querySelector('[data-near]');
const told = document.querySelector('[data-near-told]');
if (button) {
  button.hidden = false;
  button.addEventListener('click', () => {
    if (!window.isSecureContext || !navigator.geolocation) {
      told.textContent = button.dataset.insecure;
      return;
    }
    told.textContent = button.dataset.waiting;
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      const address = new URL(location.href);
      // Four decimals are ten metres: enough for an order, and no more than that in anybody's log.
      address.searchParams.set('near', `${coords.latitude.toFixed(4)},${coords.longitude.toFixed(4)}`);
      for (const name of ['sort', 'cursor']) address.searchParams.delete(name);
      location.assign(address);
    }, () => {
      told.textContent = button.dataset.refused;
      button.disabled = false;
    }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
  });
}
