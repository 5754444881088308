// The list of scenarios is whole, and every test that it names is there.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reliabilityTable } from '../../scripts/reliability-scenarios.mjs';
import { scenarios } from './lists.mjs';
import { titlesOf } from './titles.mjs';

const root = dirname(dirname(import.meta.dirname));
const numbered = (letters: string, last: number) =>
  Array.from({ length: last }, (_, i) => `${letters}${i + 1}`);

describe('the list of scenarios', () => {
  it('holds every scenario of every list, once', () => {
    const ids = scenarios.map(({ id }) => id);
    const wanted = [
      ...numbered('WL', 17),
      ...numbered('A', 15),
      ...numbered('B', 40),
      'B7b',
      ...numbered('G', 23),
      ...numbered('W', 48),
      ...numbered('S', 10),
      ...numbered('C', 6),
    ];
    expect([...ids].sort()).toEqual(wanted.sort());
  });

  it('every scenario names a test that exists, or says why it does not apply', () => {
    const titles = new Map<string, Set<string>>();
    const absent: string[] = [];
    for (const { id, tests, notApplicable } of scenarios) {
      if (!tests && !notApplicable) absent.push(`${id}: neither a test nor a reason`);
      for (const { file, title } of tests ?? []) {
        let known = titles.get(file);
        if (!known) {
          known = titlesOf(file, readFileSync(join(root, file), 'utf8'));
          titles.set(file, known);
        }
        if (!known.has(title)) absent.push(`${id}: ${file}: ${title}`);
      }
    }
    expect(absent).toEqual([]);
  });

  it('a title that is not there is noticed', () => {
    expect(titlesOf('a.test.cpp', 'TEST_CASE("one "\n "two") {').has('one two')).toBe(true);
    expect(titlesOf('a.test.cpp', '// TEST_CASES about "three"').has('three')).toBe(false);
    expect(titlesOf('a.test.ts', "it('four', () => {})").has('four')).toBe(true);
    expect(titlesOf('a.test.ts', "call('five')").has('five')).toBe(false);
  });

  it('becomes a table with a row for each', () => {
    const table = reliabilityTable();
    for (const { id } of scenarios) expect(table).toContain(`| ${id} |`);
  });
});
