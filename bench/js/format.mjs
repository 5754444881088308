// Numbers and tables as Markdown.

export function rate(perSecond) {
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(2)}M`;
  if (perSecond >= 1e5) return `${Math.round(perSecond / 1e3)}k`;
  if (perSecond >= 1e3) return `${(perSecond / 1e3).toFixed(1)}k`;
  return perSecond.toFixed(0);
}

export const number = (value) => Math.round(value).toLocaleString('en-US');
export const percent = (share) => `${Math.round(share * 100)} %`;

/** A row of a table. */
export const row = (cells) => `| ${cells.join(' | ')} |`;

/** The head of a table: names, those that begin with '>' of columns of numbers. */
export function head(names) {
  return [
    row(names.map((name) => name.replace(/^>/, ''))),
    row(names.map((name) => (name.startsWith('>') ? '---:' : '---'))),
  ];
}

/** Of a spread, each number as `text` writes it; '–' where there is none. */
export const median = (spread, text) => (spread ? text(spread.median) : '–');
export const range = (spread, text) => (spread ? `${text(spread.low)}–${text(spread.high)}` : '–');

/** The same with the middle half behind it, in brackets; the unit is said once. */
export const medianAndRange = (spread, text, unit) =>
  spread ? `${text(spread.median)}${unit} (${range(spread, text)})` : '–';
