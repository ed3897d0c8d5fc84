/* The three kinds of chart: what JSON each takes, the ECharts option it becomes, and the table that says the same. */

const said = (value, places = 1) => (value === null || value === undefined ? '—' : Number(value).toFixed(places));
const share = (value) => (value === null || value === undefined ? '—' : `${said(value * 100, 0)}%`);
const axis = (c) => ({ axisLine: { lineStyle: { color: c.line } }, axisTick: { show: false }, axisLabel: { color: c.text2, fontSize: 12 }, splitLine: { lineStyle: { color: c.line } } });
/** richText keeps the tooltip on the canvas: HTML tooltips carry inline styles, which the policy forbids. */
const tooltip = (c, formatter, trigger = 'item') => ({ trigger, renderMode: 'richText', confine: true, backgroundColor: c.raised, borderColor: c.strong, borderWidth: 1, padding: [8, 12], textStyle: { color: c.text, fontSize: 13, lineHeight: 20, fontFamily: c.font }, formatter, axisPointer: { lineStyle: { color: c.strong } } });
const lines = (...parts) => parts.filter(Boolean).join('\n');
/** Two colours of the form #rrggbb, the first with the given share: opacity would fade the label with its cell. */
const mix = (one, other, part) => `#${[1, 3, 5].map((at) => Math.round(parseInt(one.slice(at, at + 2), 16) * part + parseInt(other.slice(at, at + 2), 16) * (1 - part)).toString(16).padStart(2, '0')).join('')}`;
const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/* {kind: "ranking", unit, max, rows: [{name, value|null, low, high, n, coverage 0..1, rank, href, self, note, text}]}, best first; text replaces the rounding of value */
export const ranking = {
  filled: (data) => data.rows.length > 0,
  height: (data) => data.rows.length * 34 + 40,
  href: (data, event) => data.rows[event.dataIndex]?.href,
  table: (data, words) => ({
    head: [words.name, words.rank, `${words.value}${data.unit ? ` (${data.unit})` : ''}`, words.interval, words.coverage, 'n'],
    rows: data.rows.map((row) => [row.name, row.rank ?? '—', row.value === null ? words.none : row.text ?? said(row.value), row.low == null ? '—' : `${said(row.low)}–${said(row.high)}`, share(row.coverage), row.n]),
  }),
  option(data, words, c, width) {
    const narrow = width < 520;
    const label = (row) => (row.value === null ? `{off|${words.none}}` : `{on|${row.text ?? said(row.value)}}${row.coverage == null || narrow ? '' : `{off|  ${words.coverage} ${share(row.coverage)}}`}`);
    const whisker = (params, api) => {
      const [x1, y] = api.coord([api.value(1), api.value(0)]);
      const [x2] = api.coord([api.value(2), api.value(0)]);
      const line = (stroke, lineWidth) => ({ type: 'path', shape: { pathData: `M${x1} ${y}H${x2}M${x1} ${y - 4}V${y + 4}M${x2} ${y - 4}V${y + 4}` }, style: { stroke, lineWidth, fill: 'none' } });
      return { type: 'group', children: [line(c.surface, 4), line(c.text, 1.3)] };
    };
    const names = { type: 'category', inverse: true, ...axis(c), axisLine: { show: false } };
    return {
      grid: { left: 4, right: 4, top: 0, bottom: 0, containLabel: true },
      tooltip: tooltip(c, (p) => {
        const row = data.rows[p.dataIndex];
        return lines(`${row.rank ? `${row.rank}  ` : ''}${row.name}`, row.value === null ? words.none : `${said(row.value, 2)}${data.unit || ''}`, row.low == null ? '' : `${words.interval} ${said(row.low)}–${said(row.high)}`, row.coverage == null ? '' : `${words.coverage} ${share(row.coverage)}`, `n = ${row.n ?? 0}`, row.note);
      }),
      xAxis: { type: 'value', min: 0, max: data.max ?? null, ...axis(c), axisLabel: { color: c.text3, fontSize: 11 } },
      yAxis: [
        { ...names, data: data.rows.map((row) => row.name), axisLabel: { color: c.text, fontSize: 13, formatter: (name) => clip(name, narrow ? 7 : 14) } },
        { ...names, position: 'right', data: data.rows.map((row, index) => index), axisLabel: { align: 'left', formatter: (index) => label(data.rows[index]), rich: { on: { color: c.text, fontSize: 13, fontWeight: 600 }, off: { color: c.text3, fontSize: 12 } } } },
      ],
      series: [
        { type: 'bar', barWidth: 12, showBackground: true, backgroundStyle: { color: c.line, opacity: 0.4, borderRadius: 3 }, data: data.rows.map((row) => ({ value: row.value ?? 0, itemStyle: { color: row.self === false ? mix(c.fill, c.surface, 0.5) : c.fill, borderRadius: 3 } })), emphasis: { disabled: true } },
        { type: 'custom', silent: true, renderItem: whisker, data: data.rows.map((row, index) => [index, row.low, row.high]).filter((it) => it[1] != null), encode: { x: [1, 2], y: 0 }, z: 5 },
      ],
    };
  },
};

/* {kind: "trend", unit, periods: [..], target|null, min, max, inverse, places, breaks: [{at, text}], series: [{name, values: [number|null], n: [..], cuts: [..], self}]};
   inverse puts the smallest on top; a break cuts the lines before the period of that index and says why; a series with cuts is cut at those alone */
export const trend = {
  filled: (data) => data.series.some((one) => one.values.some((value) => value !== null)),
  table: (data, words) => ({
    head: [words.period, ...data.series.flatMap((one) => [one.name, ...(one.n ? ['n'] : [])])],
    rows: data.periods.map((period, i) => [[period, ...(data.breaks || []).filter((one) => one.at === i).map((one) => one.text)].join(' · '), ...data.series.flatMap((one) => [one.values[i] === null ? words.none : said(one.values[i], data.places ?? 2), ...(one.n ? [one.n[i]] : [])])]),
  }),
  option(data, words, c) {
    const hues = [c.accent, '#8c7a5b', '#6d86a8', '#97708f', '#7d9a5e', '#a5735a', '#6f8f8d'];
    const many = data.series.length > 1;
    const target = data.target == null ? undefined : { silent: true, symbol: 'none', data: [{ yAxis: data.target }], lineStyle: { color: c.text3, type: 'dashed', width: 1 }, label: { formatter: `${words.target} ${said(data.target)}`, color: c.text3, position: 'insideStartTop' } };
    const cuts = data.breaks || [];
    const endsOf = (one) => [0, ...(one.cuts || cuts.map((cut) => cut.at)), data.periods.length];
    /* One line for each stretch between two breaks; all stretches of a series share its name, hence its entry in the legend. */
    const stretches = data.series.flatMap((one, i) => { const ends = endsOf(one); return ends.slice(1).map((end, k) => ({ one, i, k, values: one.values.map((value, at) => (at >= ends[k] && at < end ? value : null)) })); });
    const cut = cuts.length ? { silent: true, symbol: 'none', data: cuts.map((one) => ({ xAxis: one.at, name: one.text, label: { align: one.at * 2 >= data.periods.length ? 'right' : 'left' } })), lineStyle: { color: c.text3, type: 'dotted', width: 1.5 }, label: { formatter: (p) => clip(p.name, 22), color: c.text2, position: 'end', rotate: 0, fontSize: 11 } } : undefined;
    const marks = (i, k) => (i || k ? undefined : cut && target ? { ...cut, data: [...cut.data, { yAxis: data.target, lineStyle: target.lineStyle, label: target.label }] } : cut || target);
    return {
      grid: { left: 8, right: 20, top: (many ? 40 : 16) + (cuts.length ? 18 : 0), bottom: 8, containLabel: true },
      legend: many ? { top: 0, left: 0, icon: 'roundRect', itemWidth: 12, itemHeight: 3, textStyle: { color: c.text2, fontSize: 12 }, type: 'scroll' } : undefined,
      tooltip: tooltip(c, (all) => lines(all[0].axisValue, ...data.series.map((one) => { const at = all[0].dataIndex; const value = one.values[at]; return `${one.name}  ${value == null ? words.none : said(value, data.places ?? 2) + (data.unit || '')}${one.n ? `  n = ${one.n[at]}` : ''}`; }), ...cuts.filter((one) => one.at === all[0].dataIndex).map((one) => one.text)), 'axis'),
      xAxis: { type: 'category', boundaryGap: true, data: data.periods, ...axis(c) },
      yAxis: { type: 'value', scale: data.min == null, min: data.min ?? null, max: data.max ?? null, inverse: Boolean(data.inverse), minInterval: data.places === 0 ? 1 : undefined, ...axis(c), axisLine: { show: false } },
      series: stretches.map(({ one, i, k, values }) => ({ name: one.name, type: 'line', connectNulls: false, symbol: 'circle', symbolSize: 5, showSymbol: data.periods.length <= 31, data: values, lineStyle: { width: i ? 1.6 : 2.2, color: hues[i % hues.length] }, itemStyle: { color: hues[i % hues.length] }, markLine: marks(i, k) })),
    };
  },
};

/* {kind: "matrix", unit, min, max, rows: [name], columns: [name], cells: [[row, column, value|null, n, href?, text?]], lower_is_better} */
export const matrix = {
  filled: (data) => data.cells.length > 0,
  height: (data) => data.rows.length * 32 + 40,
  href: (data, event) => data.cells[event.dataIndex]?.[4],
  table(data, words) {
    const found = new Map(data.cells.map((cell) => [`${cell[0]}/${cell[1]}`, cell]));
    return { head: ['', ...data.columns], rows: data.rows.map((row, r) => [row, ...data.columns.map((_, col) => { const cell = found.get(`${r}/${col}`); return !cell || cell[2] === null ? words.none : cell[5] ?? said(cell[2]); })]) };
  },
  option(data, words, c, width) {
    const values = data.cells.map((cell) => cell[2]).filter((value) => value !== null);
    const low = data.min ?? Math.min(...values);
    const high = data.max ?? Math.max(...values);
    const strength = (value) => { const s = (value - low) / (high - low || 1); return data.lower_is_better ? 1 - s : s; };
    const room = (width - 150) / data.columns.length;
    return {
      grid: { left: 4, right: 4, top: 4, bottom: 0, containLabel: true },
      tooltip: tooltip(c, (p) => { const cell = data.cells[p.dataIndex]; return lines(`${data.rows[cell[0]]} × ${data.columns[cell[1]]}`, cell[2] === null ? words.none : `${said(cell[2], 2)}${data.unit || ''}`, `n = ${cell[3] ?? 0}`); }),
      xAxis: { type: 'category', position: 'top', data: data.columns, ...axis(c), axisLine: { show: false }, splitLine: { show: false }, axisLabel: { color: c.text2, fontSize: 12, interval: 0, rotate: room < 48 ? 40 : 0, formatter: (name) => clip(name, 8) } },
      yAxis: { type: 'category', inverse: true, data: data.rows, ...axis(c), axisLine: { show: false }, splitLine: { show: false }, axisLabel: { color: c.text, fontSize: 12, formatter: (name) => clip(name, width < 520 ? 7 : 14) } },
      series: [{ type: 'heatmap', data: data.cells.map((cell) => ({ value: [cell[1], cell[0], cell[2] ?? low], itemStyle: cell[2] === null ? { color: mix(c.line, c.surface, 0.35), borderColor: c.surface, borderWidth: 2 } : { color: mix(c.fill, c.surface, 0.08 + 0.92 * strength(cell[2])), borderColor: c.surface, borderWidth: 2 }, label: { color: cell[2] === null ? c.text3 : strength(cell[2]) > 0.55 ? c.onAccent : c.text, formatter: cell[2] === null ? '—' : cell[5] ?? said(cell[2], room < 44 ? 0 : 1) } })), label: { show: room > 26, fontSize: 12 }, emphasis: { disabled: true } }],
    };
  },
};
