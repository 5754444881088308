// Tables and numbers of the page.
import { spread } from '../statistics.mjs';

const row = (cells) => `| ${cells.join(' | ')} |`;

/** Lines of a table; the first column is text, the others are numbers. */
export const table = (head, rows) => [
  row(head),
  row(head.map((_, index) => (index === 0 ? '---' : '---:'))),
  ...rows.map(row),
];

export const count = (value) => Math.round(value).toLocaleString('en-US');
export const fixed = (digits) => (value) => value.toFixed(digits);
export const mebibytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;

export function rate(perSecond) {
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(2)}M`;
  if (perSecond >= 1e5) return `${Math.round(perSecond / 1e3)}k`;
  return `${(perSecond / 1e3).toFixed(1)}k`;
}

/** The median of the numbers, and in brackets their middle half. */
export function medianOf(numbers, format, unit = '') {
  const { median, low, high } = spread(numbers);
  return `${format(median)}${unit} (${format(low)}–${format(high)})`;
}

export const timesOf = (numbers) => medianOf(numbers, fixed(2), '×');
