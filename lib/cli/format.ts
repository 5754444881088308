// Numbers as people read them. Programs get plain numbers through --json.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const unitStep = 1024;

export function bytes(value: number): string {
  let scaled = value;
  let unit = 0;
  while (scaled >= unitStep && unit < units.length - 1) {
    scaled /= unitStep;
    unit += 1;
  }
  return `${unit === 0 ? scaled : significant(scaled)} ${units[unit]}`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : nouns}`;
}

/** Three significant digits, without an exponent. */
function significant(value: number): string {
  if (value >= 100) return count(value);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

const nanosecondUnits: readonly (readonly [number, string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
];

export function nanoseconds(value: number): string {
  for (const [size, unit] of nanosecondUnits) {
    if (value >= size) return `${significant(value / size)} ${unit}`;
  }
  return `${Math.round(value)} ns`;
}

export function milliseconds(value: number): string {
  return nanoseconds(value * 1e6);
}

export function seqRange(from: number | undefined, to: number | undefined): string {
  if (!from) return 'no seq known';
  return to === undefined || to === from ? `seq ${from}` : `seqs ${from}–${to}`;
}

export function instant(wallMilliseconds: number): string {
  return Number.isFinite(wallMilliseconds) && wallMilliseconds > 0
    ? `${new Date(wallMilliseconds).toISOString().slice(0, 19).replace('T', ' ')} UTC`
    : 'unknown';
}
