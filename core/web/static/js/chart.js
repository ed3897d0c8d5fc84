/* Charts where people would rather look than read: ranking, trend, matrix. The same numbers stand below as a table. */

const version = new URL(import.meta.url).search;
const KINDS = { ...(await import(`./chart-kinds.js${version}`)) };
const drawn = new Map();
let engine;

/** Fetch ECharts once, from our own house; it is a megabyte, so only pages with a chart ask for it. */
function loadEngine() {
  engine ||= new Promise((done, fail) => {
    const script = document.createElement('script');
    script.src = new URL('../vendor/echarts.min.js' + version, import.meta.url).href;
    script.onload = () => done(window.echarts);
    script.onerror = () => fail(new Error('echarts'));
    document.head.append(script);
  });
  return engine;
}

/** The page's own colours, so that a chart follows the light like everything else. */
function palette(figure) {
  const style = getComputedStyle(figure);
  const of = (name) => style.getPropertyValue(`--sc-${name}`).trim();
  return {
    text: of('text'), text2: of('text-2'), text3: of('text-3'), line: of('line'), strong: of('line-strong'), surface: of('surface'),
    raised: of('raised'), accent: of('accent'), fill: of('accent-fill'), soft: of('accent-soft'), onAccent: of('on-accent'),
    red: of('red-dot'), amber: of('amber-dot'), font: style.fontFamily,
  };
}

function tableOf(data, words) {
  const table = document.createElement('table');
  table.className = 'sc-table';
  const { head, rows } = KINDS[data.kind].table(data, words);
  const line = (cells, tag) => {
    const tr = document.createElement('tr');
    cells.forEach((cell, index) => {
      const td = document.createElement(tag);
      td.textContent = cell ?? '—';
      if (tag === 'th') td.scope = 'col';
      if (index) td.className = 'r';
      tr.append(td);
    });
    return tr;
  };
  table.createTHead().append(line(head, 'th'));
  const body = table.createTBody();
  rows.forEach((row) => body.append(line(row, 'td')));
  const wrap = document.createElement('div');
  wrap.className = 'sc-table-wrap';
  wrap.append(table);
  return wrap;
}

function paint(figure, echarts, data, words) {
  const plot = figure.querySelector('.plot');
  drawn.get(figure)?.chart.dispose();
  plot.textContent = '';
  const kind = KINDS[data.kind];
  const height = kind.height?.(data);
  if (height) plot.style.height = `${height}px`;
  const chart = echarts.init(plot, null, { renderer: 'canvas' });
  const colours = palette(figure);
  chart.setOption({ animation: false, textStyle: { fontFamily: colours.font, color: colours.text2 }, ...kind.option(data, words, colours, plot.clientWidth) });
  chart.on('click', (event) => { const href = kind.href?.(data, event); if (href) location.href = href; });
  drawn.set(figure, { chart, again: () => paint(figure, echarts, data, words), width: plot.clientWidth });
}

function say(figure, text) {
  const wait = document.createElement('div');
  wait.className = 'wait';
  wait.textContent = text;
  figure.querySelector('.plot').replaceChildren(wait);
}

async function draw(figure) {
  figure.dataset.ready = '';
  const words = JSON.parse(figure.dataset.chartWords);
  const plot = figure.querySelector('.plot');
  try {
    const [answer, echarts] = await Promise.all([
      fetch(figure.dataset.chartUrl, { headers: { Accept: 'application/json' }, credentials: 'same-origin' }),
      loadEngine(),
    ]);
    if (!answer.ok) throw new Error(String(answer.status));
    const data = await answer.json();
    if (!KINDS[data.kind]) throw new Error(`kind ${data.kind}`);
    if (!KINDS[data.kind].filled(data)) { say(figure, words.empty); return; }
    plot.setAttribute('role', 'img');
    plot.setAttribute('aria-label', figure.dataset.chartTitle);
    const details = figure.querySelector('details');
    details.append(tableOf(data, words));
    details.hidden = false;
    paint(figure, echarts, data, words);
    watcher.observe(plot);
  } catch (problem) {
    console.warn('chart', problem);
    say(figure, words.failed);
  }
}

const watcher = new ResizeObserver((entries) => {
  entries.forEach(({ target }) => {
    const it = drawn.get(target.closest('.chart'));
    if (it && Math.abs(it.width - target.clientWidth) > 1) { it.width = target.clientWidth; it.again(); }
  });
});
document.addEventListener('sc:theme', () => drawn.forEach((it) => it.again()));
export function drawAll(root) { root.querySelectorAll('.chart:not([data-ready])').forEach(draw); }
