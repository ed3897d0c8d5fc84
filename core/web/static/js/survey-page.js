/* What the pages hand to survey-view.js: the texts, the language, the addresses of illustrations. */

/* The JSON in an element's data-survey: { words, locale, pictures, ... }. */
export const readData = (element) => JSON.parse(element.dataset.survey);

/* say(key, values): a text of the page with its placeholders filled. */
export const sayer = (words) => (key, values = {}) => (words[key] || key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

/* The options that every page has alike. */
export function commonOptions({ words, locale, pictures }) {
  return { say: sayer(words), locale, picture: (name) => pictures[name] || '' };
}
