/* Elements for survey-view.js: el('p.hint', { id, onclick, hidden }, 'text', child). */

export function el(kind, props = {}, ...kids) {
  const [tag, ...classes] = kind.split('.');
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(' ');
  Object.entries(props).forEach(([name, value]) => {
    if (value === undefined || value === null || value === false) return;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name in made && !name.includes('-') && name !== 'list' && name !== 'form') made[name] = value;
    else made.setAttribute(name, value === true ? '' : value);
  });
  [].concat(...kids).filter((kid) => kid !== null && kid !== undefined && kid !== false).forEach((kid) => made.append(kid));
  return made;
}

let made = 0;
/* An id that nothing else on the page has. */
export function newId(prefix) {
  made += 1;
  return `${prefix}-${made}`;
}
