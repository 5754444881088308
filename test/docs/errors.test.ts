// docs/errors.md has a paragraph for each code of lib/errors.ts and for no other; what the core
// calls its failures are such codes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/snippets';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const document = read('docs/errors.md');
const union = /export type TidemarkErrorCode =([^;]+);/.exec(read('lib/errors.ts'))?.[1] ?? '';
const codes = [...union.matchAll(/'(ERR_TIDEMARK_[A-Z_]+)'/g)].map(([, code]) => code ?? '');

const sections = new Map(
  document
    .split(/^## /m)
    .slice(1)
    .map((section): [string, string] => {
      const end = section.indexOf('\n');
      return [section.slice(0, end).trim(), section.slice(end)];
    }),
);

describe('docs/errors.md', () => {
  it('has a heading for every code, and no heading without a code', () => {
    expect(codes.length).toBeGreaterThan(0);
    expect([...sections.keys()].sort()).toEqual([...codes].sort());
  });

  it.each(codes)('says of %s what happened, what is safe and what to do', (code) => {
    const text = sections.get(code) ?? '';
    const parts = text.split(/^\*\*(?:What happened|What is safe|What to do)\.\*\*/m);
    expect(text.match(/^\*\*.+?\.\*\*/gm)).toEqual([
      '**What happened.**',
      '**What is safe.**',
      '**What to do.**',
    ]);
    for (const part of parts.slice(1)) expect(part.trim()).toMatch(/^[\w`].*[.)]$/s);
  });

  it('knows every failure of the core', () => {
    const names = [...read('native/journal/failure.cpp').matchAll(/return "([A-Z_]+)";/g)]
      .map(([, name]) => name)
      .filter((name) => name !== 'RANGE'); // a RangeError in JavaScript
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(codes).toContain(`ERR_TIDEMARK_${name}`);
  });
});
