// The charts of the page: throughput by callers, and latency percentiles.
import { cases } from './cases.mjs';
import { figure } from './figures.mjs';
import { apart, decades, element, logScale, picture, seriesClass, text } from './svg.mjs';

const WIDTH = 820;
const LEFT = 70;
const RIGHT = 130; // names of the series
const LABEL_GAP = 15;

/** Object cases of single appends, by callers. */
const byCallers = (run) =>
  run.cases
    .filter((name) => !cases[name].binary && !cases[name].perCall)
    .sort((a, b) => cases[a].callers - cases[b].callers);

/** A system has the same colour in every chart. */
const drawn = (run) => run.systems.filter((system) => !system.startsWith('raw-'));
const widthOf = (system) => (system === 'tidemark' ? 3.5 : 2);
const nameClass = (system) => (system === 'tidemark' ? 'own coloured' : 'coloured');
const short = (value) =>
  value >= 1e6 ? `${value / 1e6}M` : value >= 1e3 ? `${value / 1e3}k` : `${value}`;
const milliseconds = (value) => {
  if (value >= 1e3) return `${value / 1e3} s`;
  return value >= 1 ? `${value} ms` : `${Math.round(value * 1e3)} µs`;
};

export function throughputChart(run) {
  const [top, bottom, height] = [60, 400, 450];
  const names = byCallers(run);
  const series = drawn(run).map((system, n) => ({
    system,
    n,
    points: names.flatMap((name) => {
      const perSecond = figure(run, name, system, 'perSecond');
      return perSecond ? [{ callers: cases[name].callers, ...perSecond }] : [];
    }),
  }));
  const shown = series.filter(({ points }) => points.length > 0);
  const ticks = decades(shown.flatMap(({ points }) => points.map((point) => point.median)));
  const callers = names.map((name) => cases[name].callers);
  const x = logScale(1, Math.max(2, ...callers), LEFT + 20, WIDTH - RIGHT);
  const y = logScale(ticks[0], ticks.at(-1), bottom, top);
  const lines = shown.map(({ system, n, points }) =>
    element(
      'g',
      { class: seriesClass(n), stroke: 'currentColor', fill: 'currentColor' },
      [
        element('polyline', {
          points: points
            .map(({ callers, median }) => `${x(callers).toFixed(1)},${y(median).toFixed(1)}`)
            .join(' '),
          fill: 'none',
          'stroke-width': widthOf(system),
          'stroke-dasharray': system === 'no-io' ? '6 5' : undefined,
        }),
        ...points.map(({ callers, median }) =>
          element('circle', { cx: x(callers), cy: y(median), r: widthOf(system) + 1 }),
        ),
      ].join(''),
    ),
  );
  const labels = apart(
    shown.map(({ system, n, points }) => ({ system, n, y: y(points.at(-1).median) })),
    LABEL_GAP,
  );
  const end = ({ system }) => x(shown.find((one) => one.system === system).points.at(-1).callers);
  return picture(WIDTH, height, 'Durable appends a second by number of callers, per system', [
    text(20, 28, 'Appends a second, each caller awaits its own', { class: 'title' }),
    text(20, 46, 'objects of 108 bytes; both axes logarithmic', { class: 'small' }),
    ...ticks.flatMap((tick) => [
      element('line', { class: 'faint', x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }),
      text(LEFT - 8, y(tick) + 4, short(tick), { 'text-anchor': 'end' }),
    ]),
    ...callers.map((count) =>
      text(x(count), bottom + 22, count.toLocaleString('en-US'), { 'text-anchor': 'middle' }),
    ),
    text((LEFT + WIDTH - RIGHT) / 2, bottom + 42, 'callers', { 'text-anchor': 'middle' }),
    ...lines,
    ...labels.map((label) =>
      element(
        'g',
        { class: seriesClass(label.n) },
        text(Math.max(end(label) + 12, 0), label.y + 4, label.system, {
          class: nameClass(label.system),
        }),
      ),
    ),
  ]);
}

const ROW = 22;
const MARKS = ['p50', 'p99', 'p999'];

/** From the median (dot) over p99 (bar) to p99.9 (end of the line). */
function latencyRow(x, y, { n, system, latencies }) {
  const [p50, p99, p999] = latencies.map(x);
  return element(
    'g',
    { class: seriesClass(n), stroke: 'currentColor', fill: 'currentColor' },
    [
      element('line', { x1: p50, x2: p999, y1: y, y2: y, 'stroke-width': widthOf(system) }),
      element('circle', { cx: p50, cy: y, r: 5, stroke: 'none' }),
      element('rect', { x: p99 - 1.5, y: y - 6, width: 3, height: 12, stroke: 'none' }),
      element('rect', { x: p999 - 0.5, y: y - 4, width: 1, height: 8, stroke: 'none' }),
    ].join(''),
  );
}

export function latencyChart(run) {
  const panels = byCallers(run).map((name) => ({
    title: cases[name].about,
    rows: drawn(run).flatMap((system, n) => {
      const latencies = MARKS.map((mark) => figure(run, name, system, mark)?.median);
      const isShown = system !== 'no-io' && latencies.every((value) => value > 0);
      return isShown ? [{ system, n, latencies }] : [];
    }),
  }));
  const left = 140;
  const ticks = decades(panels.flatMap(({ rows }) => rows.flatMap((one) => one.latencies)));
  const x = logScale(ticks[0], ticks.at(-1), left, WIDTH - 40);
  const content = [];
  let y = 78;
  const top = y - 8;
  for (const { title, rows } of panels) {
    content.push(text(20, y + 6, title, { 'font-weight': 600 }));
    y += ROW + 4;
    for (const one of rows) {
      content.push(
        element(
          'g',
          { class: seriesClass(one.n) },
          text(left - 14, y + 4, one.system, {
            'text-anchor': 'end',
            class: nameClass(one.system),
          }),
        ),
        latencyRow(x, y, one),
      );
      y += ROW;
    }
    y += 12;
  }
  const grid = ticks.flatMap((tick) => [
    element('line', { class: 'faint', x1: x(tick), x2: x(tick), y1: top, y2: y - 6 }),
    text(x(tick), y + 12, milliseconds(tick), { 'text-anchor': 'middle' }),
  ]);
  return picture(WIDTH, y + 30, 'Latency of one durable append, per system and callers', [
    text(20, 28, 'From the call of append to its acknowledgement', { class: 'title' }),
    text(20, 46, 'dot: median; bar: p99; end of the line: p99.9; logarithmic', { class: 'small' }),
    ...grid,
    ...content,
  ]);
}
