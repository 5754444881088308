// What was aimed at, beside what was measured: { what, atLeast | atMost, values, format, unit }, with a
// value for each round. A target is met by the median.

import { spread } from '../statistics.mjs';
import { medianOf, table } from './markdown.mjs';

const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

export function verdict({ atLeast, atMost, values }) {
  const { median } = spread(values);
  if (atLeast !== undefined) {
    return median >= atLeast ? 'met' : `missed by ${percent(1 - median / atLeast)}`;
  }
  return median <= atMost ? 'met' : `missed by ${percent(median / atMost - 1)}`;
}

export function targetTable(targets) {
  return table(
    ['what', 'target', 'measured (middle half)', 'verdict'],
    targets.map((target) => {
      const { what, atLeast, atMost, values, format, unit = '' } = target;
      const bound =
        atLeast === undefined ? `≤ ${format(atMost)}${unit}` : `≥ ${format(atLeast)}${unit}`;
      const said = verdict(target);
      return [what, bound, medianOf(values, format, unit), said === 'met' ? said : `**${said}**`];
    }),
  );
}
