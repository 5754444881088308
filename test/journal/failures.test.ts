// What the library says when the disk refuses or stands still. The faults come from a small library
// that is compiled here and loaded in front of libc.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openJournal, runChild, temporaryDirectory, valuesOf } from '../support/journals';

const source = join(import.meta.dirname, '..', 'support', 'faults.c');
const compiles =
  process.platform === 'linux' && spawnSync('cc', ['--version'], { stdio: 'ignore' }).status === 0;

interface Told {
  value?: unknown;
  code?: string;
  outcome?: string;
  cause?: string;
}

/** `direct`: each commit is durable by its own write; `buffered`: by a sync behind it. */
type Mode = 'direct' | 'buffered';
const modes: Mode[] = ['direct', 'buffered'];

async function run(scenario: string, mode: Mode) {
  const directory = temporaryDirectory();
  const library = join(directory, 'faults.so');
  const built = spawnSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
  expect(String(built.stderr)).toBe('');
  const journal = join(directory, 'journal');
  const env = { LD_PRELOAD: library, TIDEMARK_FAULTS: join(directory, 'faults') };
  const ended = await runChild('failing.mjs', [journal, scenario, mode], env);
  const report = JSON.parse(ended.stdout || '{}') as Record<string, Told> & { appends: Told[] };
  return { journal, ended, report };
}

// Without a C compiler there is nothing to make the disk fail with.
describe.skipIf(!compiles)('a disk that refuses', () => {
  it.each(modes)(
    'to sync ends the writer: everything pending and later is POISONED with the cause (%s)',
    async (mode) => {
      const { journal, ended, report } = await run('sync', mode);
      expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
      const poisoned = { code: 'ERR_TIDEMARK_POISONED', cause: 'EIO' };
      expect(report.before).toEqual({ value: 1 });
      for (const told of report.appends)
        expect(told).toMatchObject({ ...poisoned, outcome: 'unknown' });
      for (const name of ['later', 'laterWrite']) {
        expect(report[name], name).toMatchObject({ ...poisoned, outcome: 'not-written' });
      }
      for (const name of ['follower', 'waiting', 'laterSync', 'ready', 'closed', 'close']) {
        expect(report[name], name).toMatchObject(poisoned);
      }
      expect(report).toMatchObject({
        writable: false,
        read: 'before',
        poisoned: ['ERR_TIDEMARK_POISONED'],
      });
      const again = await openJournal<string>(journal);
      expect(again.recovery.path).toBe('recovered');
      expect((await valuesOf(again.read()))[0]).toBe('before');
    },
  );

  it.each(modes)(
    'to write for lack of space rejects what it had, and goes on when there is space (%s)',
    async (mode) => {
      const { journal, ended, report } = await run('full', mode);
      expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
      const refused = { code: 'ERR_TIDEMARK_NO_SPACE', cause: 'ENOSPC' };
      for (const told of [...report.appends, report['batch'], report['appendSync']]) {
        expect(told).toMatchObject({
          ...refused,
          outcome: expect.stringMatching(/not-written|unknown/),
        });
      }
      expect(report['later']).toEqual({ value: 2 });
      expect(report['sync']).toEqual({ value: 2 });
      expect(report['close']).toMatchObject(refused);
      const again = await openJournal<string>(journal);
      expect(await valuesOf(again.read())).toEqual(['before', 'later']);
    },
  );

  it('what was written with write and lost is told by sync, once, and by close', async () => {
    const { journal, report } = await run('lostWrite', 'buffered');
    expect(report['write']).toEqual({ value: 2 });
    expect(report['sync']).toMatchObject({ code: 'ERR_TIDEMARK_IO', cause: 'EIO' });
    expect(report['secondSync']).toEqual({ value: 1 });
    expect(report['later']).toEqual({ value: 2 });
    expect(report['close']).toMatchObject({ code: 'ERR_TIDEMARK_IO' });
    expect(await valuesOf((await openJournal<string>(journal)).read())).toEqual([
      'before',
      'later',
    ]);
  });

  it.each(['stalledExit', 'stalledThrow'].flatMap((how) => modes.map((mode) => ({ how, mode }))))(
    'and stands still does not stop the end of a process ($how, $mode)',
    async ({ how, mode }) => {
      const { journal, ended, report } = await run(how, mode);
      expect(ended).toMatchObject({ code: how === 'stalledExit' ? 0 : 1, signal: null });
      expect(report['before']).toEqual({ value: 1 });
      expect(await (await openJournal<string>(journal)).get(1)).toEqual({
        seq: 1,
        value: 'before',
      });
    },
  );
});
