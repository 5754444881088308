// tidemark demo: on trees of its own, large and small, in a pipe and without standard input.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lines, main, Running, temporaryDirectory, tidemark } from './run';

interface Outcome {
  scan: string;
  journal: string;
  files: number;
  kills: number;
  killPoints: number[];
  holds: boolean;
  checks: { name: string; holds: boolean }[];
  lives: { killed: boolean; found: number; heard: number }[];
}

function makeTree(files: number): string {
  const tree = join(temporaryDirectory(), 'tree');
  for (let index = 0; index < files; index += 1) {
    const directory = join(tree, String(index % 30));
    if (index < 30) mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `file-${index}`), `content ${index}\n`.repeat(50));
  }
  return tree;
}

/** Journals of the demonstration stand in a directory that the test removes. */
function demo(tree: string, ...args: string[]): Running {
  return new Running(process.execPath, [main, 'demo', tree, ...args], {
    TMPDIR: temporaryDirectory(),
  });
}

async function outcomeOf(tree: string, ...args: string[]): Promise<Outcome> {
  const running = demo(tree, '--json', ...args);
  running.child.stdin.end();
  const { code, stdout, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Outcome;
}

describe('the demonstration', () => {
  it('survives five kills and more, drawn beforehand, and proves it from the journal', async () => {
    const tree = makeTree(3000);
    const outcome = await outcomeOf(tree, '--seed', 'a test');
    expect(outcome.files).toBe(3000);
    expect(outcome.kills).toBeGreaterThanOrEqual(5);
    expect(outcome.kills).toBe(outcome.killPoints.length);
    expect(outcome.holds).toBe(true);
    expect(outcome.checks.every(({ holds }) => holds)).toBe(true);
    const killed = outcome.lives.filter((life) => life.killed);
    for (const [index, life] of killed.entries()) {
      expect(life.heard).toBeGreaterThanOrEqual(outcome.killPoints[index] ?? 0);
    }
    // What was found is what was acknowledged, or more: never less.
    for (const [index, life] of outcome.lives.entries()) {
      expect(life.found).toBeGreaterThanOrEqual(outcome.lives[index - 1]?.heard ?? 0);
    }
    const cat = new Running(process.execPath, [main, 'cat', '--values', outcome.journal]);
    const held = lines((await cat.ended).stdout)
      .map((line) => JSON.parse(line) as { complete?: string; detail: string })
      .filter(({ complete }) => complete !== undefined);
    expect(held).toHaveLength(3000);
    expect(new Set(held.map(({ complete }) => complete)).size).toBe(3000);
    for (const { complete, detail } of held) {
      const content = readFileSync(join(tree, complete ?? ''));
      const { sha256 } = JSON.parse(detail) as { sha256: string };
      expect(sha256).toBe(createHash('sha256').update(content).digest('hex'));
    }
    const status = await tidemark(['scan', 'status', '--json', outcome.scan]);
    expect(JSON.parse(status.stdout)).toMatchObject({
      id: 'tidemark-demo',
      complete: 3000,
      total: 3000,
      eta: 0,
    });
  });

  it('draws the same kills from the same seed', async () => {
    const tree = makeTree(300);
    const [first, second] = [
      await outcomeOf(tree, '--seed', 'x'),
      await outcomeOf(tree, '--seed', 'x'),
    ];
    expect(first.killPoints).toEqual(second.killPoints);
    expect(first.journal).not.toBe(second.journal);
  });

  it('says that a small tree is small, and kills less', async () => {
    const running = demo(makeTree(120));
    running.child.stdin.end();
    const { code, stdout, stderr } = await running.ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('the tree is small: its writer is killed once');
    expect(stdout).toContain('holds  every file is recorded');
    expect(stdout).not.toContain('FAILS');
    const [journal] = /tidemark-demo-\S+/.exec(stdout) ?? [];
    expect(stderr).toContain(journal);
  });

  it('works on an empty tree, and refuses what is no tree', async () => {
    const empty = temporaryDirectory();
    expect((await outcomeOf(empty)).holds).toBe(true);
    const running = demo(join(empty, 'none'));
    running.child.stdin.end();
    expect((await running.ended).code).toBe(3);
  });

  it('works in a pipe with its standard input closed', async () => {
    const running = new Running(
      'bash',
      [
        '-c',
        'set -o pipefail; "$0" "$1" demo "$2" <&- | cat',
        process.execPath,
        main,
        makeTree(60),
      ],
      {
        TMPDIR: temporaryDirectory(),
      },
    );
    const { code, stdout, stderr } = await running.ended;
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('nothing acknowledged is missing');
    expect(stderr).not.toContain('\x1b');
  });

  it('ends with 130 at an interrupt and takes its writer along', async () => {
    const running = demo(makeTree(3000));
    await running.until(({ stderr }) => stderr.includes('writer 1'));
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    const [, journal = ''] = /journal +(\S+)/.exec(stderr) ?? [];
    // A writer that still lived would hold the lock.
    expect(await tidemark(['append', journal], '{}\n')).toMatchObject({ code: 0 });
  });
});
