/* What is sent of a form: everything visible that is answered, as it was typed. Used by survey-model.js. */

import { OTHER, has } from './survey-form.js';

const isOpen = (value) => value === undefined || value === '' || value === null || (Array.isArray(value) && !value.length);

/* What is worked out is left out, the server works it out itself; what does not fit its type is sent, so that the server says so. */
export function sendable(form, data, spots) {
  const gather = (parts, record, prefix) => {
    const found = {};
    parts.filter((part) => part.kind !== 'group' && !part.question).forEach((part) => {
      const spot = spots.get(`${prefix}${part.key}`);
      const value = has(record, part.key) ? record[part.key] : undefined;
      if (!spot || spot.hidden || isOpen(value)) return;
      if (part.kind === 'repeat' && spot.rows) {
        found[part.key] = value.map((row, at) => gather(form.inside.get(part.path), row, `${spot.place}[${at + 1}].`));
        return;
      }
      if (spot.computed) return;
      found[part.key] = value;
      const other = has(record, `${part.key}_other`) ? record[`${part.key}_other`] : '';
      if (part.or_other && other && [].concat(spot.given.stored).includes(OTHER)) found[`${part.key}_other`] = other;
    });
    return found;
  };
  return gather(form.inside.get(''), data, '');
}
