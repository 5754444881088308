// The snippets of README.md and docs/ run as printed and exit with 0.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documents, root, runnable, snippetsOf } from '../support/snippets';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tidemark-docs-'));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules', 'tidemark'), 'dir');
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe.each(documents())('%s', (document) => {
  const snippets = snippetsOf(document);

  it('says why where a block is not run', () => {
    for (const { notRun } of snippets) expect(notRun ?? 'is run').toMatch(/\w+/);
  });

  it.for(snippets.filter(({ notRun }) => notRun === undefined))(
    'the block at line $line runs',
    (snippet) => {
      const { extension, text } = runnable(snippet);
      const place = mkdtempSync(join(directory, 'run-'));
      const file = join(place, `snippet.${extension}`);
      writeFileSync(file, text);
      const { status, stderr } = spawnSync(process.execPath, [file], {
        cwd: place,
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(stderr).toBe('');
      expect(status).toBe(0);
    },
  );
});
