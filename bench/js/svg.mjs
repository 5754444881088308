// A small writer of SVG charts: legible on light and dark pages, no fonts or scripts from elsewhere.

const FONT = 'system-ui, sans-serif';
const PAPER = { light: '#ffffff', dark: '#161b22' };
const INK = { light: '#1f2328', dark: '#e6edf3' };
const FAINT = { light: '#d0d7de', dark: '#30363d' };
/** Colours of the series in their order, on a light and on a dark page. */
const SERIES = [
  ['#0958b3', '#6cb2ff'],
  ['#b45309', '#fbbf24'],
  ['#15803d', '#4ade80'],
  ['#8b2fc9', '#c79bff'],
  ['#c2185b', '#ff8fab'],
  ['#0e7490', '#3fd5ea'],
  ['#57606a', '#9aa4b0'],
];

const escaped = (text) =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const rounded = (value) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value);

/** An element; attributes that are undefined are left out. */
export function element(name, attributes, content = '') {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(rounded(value))}"`)
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

export const text = (x, y, content, attributes = {}) =>
  element('text', { x, y, ...attributes }, escaped(content));

/** The class that gives the n-th series its colour, as `currentColor`. */
export const seriesClass = (n) => `series-${n % SERIES.length}`;

function style() {
  const colours = (page, nth) => [
    `.paper{fill:${PAPER[page]}}text{fill:${INK[page]}}.faint{stroke:${FAINT[page]}}`,
    ...SERIES.map((pair, n) => `.series-${n}{color:${pair[nth]}}`),
  ];
  return [
    `text{font:13px ${FONT}}.title{font-size:15px;font-weight:600}.small{font-size:12px}`,
    '.coloured{fill:currentColor}.own{font-weight:700}',
    ...colours('light', 0),
    `@media (prefers-color-scheme:dark){${colours('dark', 1).join('')}}`,
  ].join('');
}

/** A whole picture; `label` is what a reader hears who cannot see it. */
export function picture(width, height, label, content) {
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': label,
    },
    [
      '',
      `<style>${style()}</style>`,
      element('rect', { class: 'paper', width, height, rx: 6 }),
      ...content,
      '',
    ].join('\n'),
  )}\n`;
}

/** A logarithmic axis from the pixel `from` to the pixel `to`. */
export function logScale(low, high, from, to) {
  const span = Math.log(high / low);
  return (value) => from + (Math.log(value / low) / span) * (to - from);
}

/** The powers of ten from at most the least to at least the greatest of the numbers. */
export function decades(numbers) {
  if (numbers.length === 0) return [1, 10];
  const first = Math.floor(Math.log10(Math.min(...numbers)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...numbers))));
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}

/** Moves labels apart, so that each has `gap` pixels; keeps their order. */
export function apart(labels, gap) {
  const placed = [...labels].sort((a, b) => a.y - b.y);
  for (let pass = 0; pass < placed.length * placed.length; pass += 1) {
    for (let n = 1; n < placed.length; n += 1) {
      const lack = gap - (placed[n].y - placed[n - 1].y);
      if (lack <= 0) continue;
      placed[n - 1].y -= lack / 2;
      placed[n].y += lack / 2;
    }
  }
  return placed;
}
