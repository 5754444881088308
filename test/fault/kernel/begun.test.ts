// Lone commits that the event loop begins and ends by itself (io_submit, io_getevents), by the shipped
// binary on the real kernel: that they are, what becomes of them when the kernel says otherwise, and
// when nobody comes to look at their end.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from 'tidemark';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { judge } from './judge.mjs';
import { because, compileFaults, whyNoBegunWrites, whyNoTracing } from './needs.mjs';
import { commitOf, succeeded } from './order.mjs';
import { callsOf } from './strace.mjs';
import { linesOf } from './told.mjs';

const why = whyNoBegunWrites();
const whyUncounted = why ?? whyNoTracing();
const child = join(import.meta.dirname, 'children', 'begun.mjs');
/** What hangs is ended. */
const MOST_MS = 60_000;
const COUNT = 100;
/** The bytes of a direct write that may stand in front of its frame, and the header of that. */
const SHOWN_BYTES = 4096 + 256;

interface Line {
  say: string;
  [key: string]: unknown;
}

let library: string;

beforeAll(() => {
  if (why !== undefined) return;
  const base = mkdtempSync(join(tmpdir(), 'tidemark-faults-'));
  library = compileFaults(base);
  return () => rmSync(base, { recursive: true, force: true });
});

function place(): string {
  const base = mkdtempSync(join(tmpdir(), 'tidemark-begun-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  mkdirSync(join(base, 'journal'));
  return base;
}

/** Plays a scenario of children/begun.mjs; how it ended, and what it said. */
async function play(scenario: string, input: object = {}, wrapper: string[] = [], base = place()) {
  const directory = join(base, 'journal');
  const words = JSON.stringify({ directory, scenario, ...input });
  const [command = '', ...args] = [...wrapper, process.execPath, child, words];
  const faults = { LD_PRELOAD: library, TIDEMARK_FAULTS: join(base, 'faults') };
  const env = { ...process.env, ...(wrapper.length === 0 ? faults : {}) };
  const running = spawn(command, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MOST_MS,
    killSignal: 'SIGABRT',
  });
  let output = '';
  let complaint = '';
  running.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
  });
  running.stderr.setEncoding('utf8').on('data', (chunk) => {
    complaint += chunk;
  });
  const end = await new Promise((resolve, reject) => {
    running.on('error', reject);
    running.on('close', (code, signal) => resolve({ code, signal, complaint }));
  });
  const all: Line[] = linesOf(output);
  const lines = all.filter(({ say }) => say !== 'seen');
  return { directory, end, lines, seen: all.find(({ say }) => say === 'seen') };
}

const well = { code: 0, signal: null, complaint: '' };
const said = (lines: Line[], what: string) => lines.filter(({ say }) => say === what).length;

/** What is wrong with the journal, given what was told; leaves it with one more record. */
async function problemsOf({ directory, lines }: { directory: string; lines: Line[] }) {
  const { problems } = await judge(directory, lines);
  return problems;
}

describe.skipIf(whyUncounted !== undefined)(
  because('the calls that a lone caller makes', whyUncounted),
  () => {
    it('are io_submit and io_getevents, on a descriptor of O_DIRECT and O_DSYNC, and no pwritev for the same records', async () => {
      const base = place();
      const log = join(base, 'strace');
      const how = ['-f', '-qq', '--seccomp-bpf', '-y', '-xx', '-s', `${SHOWN_BYTES}`, '-o', log];
      const traced = 'trace=openat,pwritev,io_submit,io_getevents';
      const strace = ['strace', ...how, '-e', traced, '-e', 'signal=none'];
      const { end, lines } = await play('alone', { count: COUNT }, strace, base);
      expect(end).toEqual(well);
      expect(said(lines, 'acknowledged')).toBe(COUNT);

      const commits = callsOf(readFileSync(log, 'utf8')).filter(
        (call: object) => commitOf(call) !== undefined && succeeded(call),
      );
      const by = (name: string) => commits.filter((call: { name: string }) => call.name === name);
      const begun = by('io_submit');
      // Some are the writer's thread's: the first, and those whose turn comes while it is awake.
      expect(begun.length).toBeGreaterThan((3 * COUNT) / 4);
      for (const call of begun) expect(call).toMatchObject({ through: true, direct: true });
      const seqs = [...begun, ...by('pwritev')].map((call) => commitOf(call)?.from);
      expect(seqs.sort((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: COUNT }, (_, n) => n + 1),
      );
    });
  },
);

describe.skipIf(why !== undefined)(because('a begun write', why), () => {
  it('whose event says EIO poisons the journal, and what was acknowledged in front of it is there', async () => {
    const played = await play('fails', { command: 'begun 5' });
    expect(played.end).toEqual(well);
    const poisoned = { code: 'ERR_TIDEMARK_POISONED', cause: 'EIO' };
    expect(played.seen).toMatchObject({
      happened: true,
      hit: { ...poisoned, outcome: 'unknown' },
      later: { ...poisoned, outcome: 'not-written' },
    });
    expect(await problemsOf(played)).toEqual([]);
  });

  it.each([
    ['ENOSPC', 28],
    ['EDQUOT', 122],
  ])(
    'whose event says %s is refused with NO_SPACE, and the journal goes on',
    async (cause, errno) => {
      const played = await play('fails', { command: `begun ${errno}` });
      expect(played.end).toEqual(well);
      expect(played.seen).toMatchObject({
        happened: true,
        hit: { code: 'ERR_TIDEMARK_NO_SPACE', cause },
      });
      expect(played.seen).not.toHaveProperty('later');
      expect(await problemsOf(played)).toEqual([]);
    },
  );

  it.each([
    ['EAGAIN', '11'],
    ['EINTR', '4'],
    ['fewer bytes', 'short'],
  ])('whose event says %s is made by the writer, and nobody has to know', async (_says, what) => {
    const played = await play('fails', { command: `begun ${what}` });
    expect(played.end).toEqual(well);
    expect(played.seen).toEqual({ say: 'seen', happened: true });
    expect(said(played.lines, 'rejected')).toBe(0);
    expect(await problemsOf(played)).toEqual([]);
  });

  it.each([
    ['io_setup', 'ENOSYS', 38],
    ['io_setup', 'EPERM', 1],
    ['io_setup', 'EAGAIN', 11],
    ['io_submit', 'ENOSYS', 38],
    ['io_submit', 'EAGAIN', 11],
  ])('that cannot be begun, for %s says %s, is made by the writer', async (call, _error, errno) => {
    const played = await play('refused', { command: `${call} ${errno}` });
    expect(played.end).toEqual(well);
    expect(played.seen).toEqual({ say: 'seen', happened: true });
    expect(said(played.lines, 'rejected') + said(played.lines, 'failed')).toBe(0);
    expect(await problemsOf(played)).toEqual([]);
  });

  it('that is under way when SIGKILL comes takes nothing with it that was acknowledged', async () => {
    const played = await play('killed');
    expect(played.end).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(await problemsOf(played)).toEqual([]);
  });

  it('ends while JavaScript blocks the event loop, and so does what waits behind it', async () => {
    const played = await play('blocked', { count: 20 });
    expect(played.end).toEqual(well);
    // Another process was shown both while the promises of neither were settled.
    expect(played.seen).toMatchObject({ settled: 20, shown: 22, acknowledged: 22 });
    expect(await problemsOf(played)).toEqual([]);
  });

  it('whose end is waited for is asked for again where the system comes back without one', async () => {
    const played = await play('blocked', { count: 20, command: 'io_getevents empty' });
    expect(played.end).toEqual(well);
    expect(played.seen).toMatchObject({ happened: true, shown: 22, acknowledged: 22 });
    expect(await problemsOf(played)).toEqual([]);
  });

  it('that is under way at process.exit is there afterwards', async () => {
    const played = await play('exits', { count: 20 });
    expect(played.end).toEqual(well);
    expect(said(played.lines, 'submit')).toBe(21);
    expect(said(played.lines, 'acknowledged')).toBe(20);
    const journal = await Journal.open(played.directory, { readOnly: true });
    expect(journal.lastSeq).toBe(21);
    await journal.close();
    expect(await problemsOf(played)).toEqual([]);
  });

  it('that stands still does not keep the process from its exit', async () => {
    const played = await play('exitsInStall');
    expect(played.end).toEqual(well);
    expect(await problemsOf(played)).toEqual([]);
  });

  it.each([
    ['that has it for itself', false],
    ['that shares it', true],
  ])(
    'of a worker %s and is terminated leaves the journal sound, and it can be opened again',
    async (_how, shared) => {
      const played = await play('workers', { shared });
      expect(played.end).toEqual(well);
      expect(said(played.lines, 'rejected')).toBe(0);
      expect(await problemsOf(played)).toEqual([]);
    },
  );

  it('that stands still in a worker which is terminated leaves the process sound', async () => {
    const played = await play('workerInStall', { count: 20 });
    expect(played.end).toEqual(well);
    expect(played.seen).toMatchObject({ another: 20 });
    expect(await problemsOf(played)).toEqual([]);
  });
});
