/* Which functions a formula may call and what each argument must be. Twin of signatures.py. */

const MANY = 100;
const made = (fewest, most, more = {}) => ({ fewest, most, references: [], literals: {}, chance: false, ...more });

export const SIGNATURES = new Map([
  ['if', made(3, 3)],
  ['coalesce', made(2, MANY)],
  ['selected', made(2, 2)],
  ['selected-at', made(2, 2)],
  ['count-selected', made(1, 1)],
  ['string-length', made(0, 1)],
  ['contains', made(2, 2)],
  ['starts-with', made(2, 2)],
  ['ends-with', made(2, 2)],
  ['substr', made(2, 3)],
  ['substring-before', made(2, 2)],
  ['substring-after', made(2, 2)],
  ['translate', made(3, 3)],
  ['concat', made(1, MANY)],
  ['join', made(2, MANY)],
  ['normalize-space', made(0, 1)],
  ['string', made(1, 1)],
  ['number', made(1, 1)],
  ['int', made(1, 1)],
  ['round', made(1, 2)],
  ['floor', made(1, 1)],
  ['ceiling', made(1, 1)],
  ['abs', made(1, 1)],
  ['pow', made(2, 2)],
  ['min', made(1, MANY)],
  ['max', made(1, MANY)],
  ['index', made(0, 0)],
  ['today', made(0, 0)],
  ['now', made(0, 0)],
  ['date', made(1, 1)],
  ['date-time', made(1, 1)],
  ['decimal-date-time', made(1, 1)],
  ['decimal-time', made(1, 1)],
  ['true', made(0, 0)],
  ['false', made(0, 0)],
  ['not', made(1, 1)],
  ['boolean', made(1, 1)],
  ['boolean-from-string', made(1, 1)],
  ['sum', made(1, 1, { references: [0] })],
  ['count', made(1, 1, { references: [0] })],
  ['count-non-empty', made(1, 1, { references: [0] })],
  ['indexed-repeat', made(3, 7, { references: [0, 1, 3, 5] })],
  ['position', made(1, 1)],
  ['jr:choice-name', made(2, 2, { literals: { 1: 'question' } })],
  ['regex', made(2, 2, { literals: { 1: 'pattern' } })],
  ['format-date', made(2, 2, { literals: { 1: 'date' } })],
  ['format-date-time', made(2, 2, { literals: { 1: 'time' } })],
  ['once', made(1, 1, { chance: true })],
  ['uuid', made(0, 1, { chance: true })],
  ['random', made(0, 0, { chance: true })],
]);

/* Functions of ODK and XPath that real forms call and that we do not have. */
export const ELSEWHERE = new Set(
  ('pulldata area distance geofence instance current randomize digest base64-decode base64-encode checklist'
    + ' weighted-checklist log log10 sin cos tan asin acos atan atan2 sqrt exp exp10 pi jr:itext substring last id lang'
    + ' local-name name namespace-uri property extract-signed intersects version lower-case upper-case enclosed-area depend is-selected').split(' '),
);

export const DATE_SIGNS = 'Yymnbdea';
export const TIME_SIGNS = `${DATE_SIGNS}HhMS3`;
