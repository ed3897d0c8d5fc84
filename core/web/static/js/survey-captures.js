/* What a device takes as an answer: its own place, and a photo. Used by survey-controls.js. */

import { el } from './survey-elements.js';

const LONGEST = 20000; // milliseconds that a position may take
const degrees = (number) => number.toFixed(7).replace(/\.?0+$/, '');

/* Latitude, longitude, height and accuracy of a position, as XLSForm writes a place. */
function spelled({ latitude, longitude, altitude, accuracy }) {
  const metres = (value) => String(Math.round((value || 0) * 10) / 10);
  return [degrees(latitude), degrees(longitude), metres(altitude), metres(accuracy)].join(' ');
}

/* A place: the button takes where the device is; it can be typed as well. */
export function placeControl(node) {
  const { view } = node;
  const input = el('input.form-control', {
    type: 'text', inputMode: 'text', autocomplete: 'off', placeholder: view.say('survey.point'),
    'aria-labelledby': `${node.id}-label`, 'aria-describedby': node.describedBy(),
  });
  const said = el('p.muted.sc-survey-status', { role: 'status' });
  const button = el('button.btn', { type: 'button', onclick: take }, view.say('survey.here'));
  function take() {
    if (!navigator.geolocation || window.isSecureContext === false) { said.textContent = view.say('survey.noAccess'); return; }
    said.textContent = view.say('survey.locating');
    button.disabled = true;
    const done = (text) => { button.disabled = false; said.textContent = text; };
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        input.value = spelled(coords);
        node.give(input.value);
        done(view.say('survey.accuracy', { n: Math.round(coords.accuracy || 0) }));
      },
      () => done(view.say('survey.noPosition')),
      { enableHighAccuracy: true, timeout: LONGEST, maximumAge: 30000 },
    );
  }
  input.addEventListener('input', () => { said.textContent = ''; node.give(input.value, true); });
  input.addEventListener('change', () => node.left());
  const set = (name, isSet) => (isSet ? input.setAttribute(name, 'true') : input.removeAttribute(name));
  return {
    element: el('div.sc-survey-place', {}, el('div.sc-survey-placeline', {}, button, input), said),
    mark: (isWrong) => set('aria-invalid', isWrong),
    refresh: (spot, must) => {
      set('aria-required', must);
      const value = node.value();
      const text = typeof value === 'string' ? value : '';
      if (document.activeElement !== input && input.value !== text) input.value = text;
    },
  };
}

/* A photo: whoever shows the form takes and keeps it, and gives back what it is known by. */
export function photoControl(node) {
  const { view } = node;
  const give = (reference) => node.give(reference || '');
  const value = node.value() || '';
  const asked = { place: node.place, label: node.label(), id: node.id, value, give, describedBy: node.describedBy(), refresh: () => view.update() };
  const made = view.options.photo ? view.options.photo(asked) : { element: el('p.muted', {}, value ? view.say('survey.photo') : '–') };
  return {
    element: made.element,
    isBusy: made.isBusy,
    mark: (isWrong) => made.element.classList.toggle('is-wrong', isWrong),
    refresh: () => { if (made.refresh) made.refresh(node.value() || ''); },
  };
}
