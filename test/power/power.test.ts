// The power is cut under the real package on real file systems; and the rig itself: its disk does what
// it says, its judges see what they are there to see, it leaves nothing behind.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runPart } from '../campaign/claims';
import { inTemporary } from '../campaign/support.mjs';
import { nothingKnown, wrongGeneration, wrongMark } from './expectations.mjs';
import { peersPowerCuts } from './peers-power-cuts.mjs';
import { powerCuts } from './power-cuts.mjs';
import { Records } from './records.mjs';
import { buildPowerDisk, fileSystems, runDiskAlone, whyNot, whyNotOn } from './rig.mjs';

const BUILD_MS = 600_000;
const POLL_MS = 20;

const reason = whyNot();
const because = (why: string | undefined) => (why === undefined ? '' : ` (skipped: ${why})`);

describe.skipIf(reason !== undefined)(`the power is cut${because(reason)}`, () => {
  beforeAll(buildPowerDisk, BUILD_MS);

  for (const [n, type] of Object.keys(fileSystems).entries()) {
    const why = whyNotOn(type);
    it.skipIf(why !== undefined)(
      `ten times on ${type}: nothing acknowledged is lost${because(why)}`,
      async () => {
        const sizes = { cuts: 10, seed: 20260201 + n, types: [type], liarCuts: 0 };
        const { broken, figures } = await runPart(powerCuts, sizes);
        expect(broken, JSON.stringify(figures)).toEqual([]);
      },
    );
  }

  it('a journal that acknowledges before its sync, and a disk that does not flush, are caught', async () => {
    const sizes = { cuts: 0, seed: 20260211, types: [], liarCuts: 5 };
    const { claims, broken, figures } = await runPart(powerCuts, sizes);
    expect(broken, JSON.stringify(figures)).toEqual([]);
    expect(claims).toBe(2);
  });

  it('a peer that does not sync is caught beside one that does', async () => {
    const only = ({ system }: { system: string }) => system === 'group-commit';
    const sizes = { cuts: 5, seed: 20260221, only };
    const { claims, broken, figures } = await runPart(peersPowerCuts, sizes);
    expect(broken, JSON.stringify(figures)).toEqual([]);
    expect(claims).toBe(1);
    const { results } = figures as { results: { mustLose: boolean; lost: number }[] };
    expect(results.find(({ mustLose }) => !mustLose)?.lost).toBe(0);
  });
});

describe.skipIf(reason !== undefined)(`the disk whose power is cut${because(reason)}`, () => {
  beforeAll(buildPowerDisk, BUILD_MS);

  const SECTORS = 16;
  const stable = { write: [0, SECTORS, 1] };
  const flush = { flush: true };
  const pending = [{ write: [0, 4, 2] }, { write: [2, 4, 3] }, { write: [8, 8, 4] }];
  const seeds = Array.from({ length: 12 }, (_, n) => n + 1);

  const cutsOf = (mode: string, steps: object[], atomic: string[] = []): Promise<number[][]> =>
    inTemporary(tmpdir(), (directory: string) =>
      runDiskAlone({
        ...{ directory, bytes: SECTORS * 512, steps, atomic },
        cuts: seeds.map((seed) => [mode, seed]),
      }),
    );
  const different = (images: number[][]) => new Set(images.map(String)).size;
  /** What is there when these of the pending writes are. */
  const layers = (...kept: number[]) => {
    const sectors = Array<number>(SECTORS).fill(1);
    for (const { write } of kept.map((n) => pending[n] ?? stable)) {
      const [first = 0, count = 0, value = 0] = write;
      sectors.fill(value, first, first + count);
    }
    return String(sectors);
  };

  it('keeps what was flushed in every mode, and loses the rest when it drops it', async () => {
    for (const mode of ['drop', 'subset', 'torn', 'reordered', 'prefix']) {
      const [image] = await cutsOf(mode, [stable, ...pending, flush]);
      expect(String(image)).toBe(layers(0, 1, 2));
    }
    const images = await cutsOf('drop', [stable, flush, ...pending]);
    expect(images.map(String)).toEqual(seeds.map(() => layers()));
  });

  it('keeps whole writes, any of them', async () => {
    const images = await cutsOf('subset', [stable, flush, ...pending]);
    const all = [[], [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]].map((k) => layers(...k));
    for (const image of images) expect(all).toContain(String(image));
    expect(different(images)).toBeGreaterThan(2);
  });

  it('keeps a beginning of the writes, the last of them torn', async () => {
    const images = await cutsOf('prefix', [stable, flush, ...pending]);
    for (const image of images) {
      const hasFirst = String(image.slice(0, 2)) === '2,2';
      const hasSecond = String(image.slice(2, 6)) === '3,3,3,3';
      if (image.includes(3)) expect(hasFirst).toBe(true);
      if (image.includes(4)) expect(hasFirst && hasSecond).toBe(true);
    }
    expect(images.some((image) => image[8] === 4 && image[15] === 1)).toBe(true);
  });

  it('tears writes at sectors', async () => {
    const images = await cutsOf('torn', [stable, flush, ...pending]);
    const torn = images.filter((image) => image.includes(4) && image.indexOf(1, 8) >= 8);
    expect(torn.length).toBeGreaterThan(0);
    for (const image of images) expect(image).not.toContain(-1);
  });

  it('lets an older of two pending writes stay where they overlap', async () => {
    const images = await cutsOf('reordered', [stable, flush, ...pending]);
    const overlap = new Set(images.flatMap((image) => image.slice(2, 4)));
    expect([...overlap].sort()).toEqual([1, 2, 3]);
    expect(different(images)).toBe(seeds.length);
  });

  it('does not tear a range that is written as one', async () => {
    const whole = ['4096:4096'];
    for (const mode of ['torn', 'reordered', 'prefix']) {
      const images = await cutsOf(mode, [stable, flush, ...pending], whole);
      for (const image of images) expect(new Set(image.slice(8)).size).toBe(1);
      expect(new Set(images.map((image) => image[8])).size).toBe(2);
    }
  });

  it('loses what it lied about', async () => {
    const images = await cutsOf('drop', [stable, flush, { lie: true }, ...pending, flush]);
    expect(String(images[0])).toBe(layers());
  });
});

describe.skipIf(reason !== undefined)(`a run that is killed${because(reason)}`, () => {
  beforeAll(buildPowerDisk, BUILD_MS);

  /** Command lines of processes and files behind loop devices that name the directory. */
  function remains(directory: string): string[] {
    const read = (path: string) => (existsSync(path) ? readFileSync(path, 'latin1') : '');
    return [
      ...readdirSync('/proc').map((name) => read(`/proc/${name}/cmdline`)),
      ...readdirSync('/sys/block').map((name) => read(`/sys/block/${name}/loop/backing_file`)),
      ...read('/proc/self/mounts').split('\n'),
    ].filter((text) => text.includes(directory));
  }

  it('leaves no process, no loop device and no mount', () =>
    inTemporary(tmpdir(), async (directory: string) => {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'children', 'endless-run.mjs'), directory],
        { stdio: 'inherit' },
      );
      const ended = new Promise((resolve) => child.on('exit', resolve));
      const hasLoop = () => remains(directory).some((text) => text.endsWith('/disk\n'));
      const poll = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));
      while (!hasLoop() && child.exitCode === null) await poll();
      expect(child.exitCode).toBeNull();
      child.kill('SIGKILL');
      await ended;
      while (remains(directory).length > 0) await poll();
    }));
});

describe('the judges of what is found behind a cut', () => {
  const records = new Records(7, 500);
  const known = {
    ...nothingKnown(),
    floor: 12,
    borders: [
      { generation: 1, from: 1 },
      { generation: 2, from: 9 },
    ],
    ranges: [
      { generation: 1, from: 1, to: 6 },
      { generation: 2, from: 9, to: 12 },
    ],
  };

  it('know the bytes of each record, and no others', () => {
    const bytes = records.bytes(1, 20, 19, 21);
    expect(records.judge(20, bytes)).toEqual({ generation: 1, first: 19, last: 21 });
    expect(records.judge(21, bytes).problem).toMatch(/not that record/);
    expect(new Records(8, 500).judge(20, bytes).problem).toMatch(/not that record/);
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      expect(records.judge(20, flipped).problem).toMatch(/not that record/);
    }
    expect(records.judge(20, bytes.subarray(0, 20)).problem).toMatch(/20 bytes/);
  });

  it('let unacknowledged records of an earlier generation stay where they were shown', () => {
    for (const [seq, generation] of [
      [6, 1],
      [8, 1],
      [9, 2],
      [13, 2],
    ] as const) {
      expect(wrongGeneration(known, seq, generation, 1)).toBeUndefined();
    }
  });

  it('see a record that was cut and came back, and one that was written over', () => {
    expect(wrongGeneration(known, 9, 1, 1)).toMatch(/generation 2 began|acknowledged in 2/);
    expect(wrongGeneration(known, 13, 1, 1)).toMatch(/generation 2 began/);
    expect(wrongGeneration(known, 8, 2, 1)).toMatch(/generation 2 began/);
    expect(wrongGeneration(known, 6, 2, 1)).toMatch(/acknowledged in 1/);
    expect(wrongGeneration(known, 13, 1, 2)).toMatch(/behind one of 2/);
  });

  it('see a mark that went back, and one that nobody set', () => {
    const mark = { atLeast: 5, asked: [0, 5, 9] };
    expect(wrongMark('the cursor', mark, 5)).toBeUndefined();
    expect(wrongMark('the cursor', mark, 9)).toBeUndefined();
    expect(wrongMark('the cursor', mark, 0)).toMatch(/5 was acknowledged/);
    expect(wrongMark('the cursor', mark, 7)).toMatch(/nobody asked/);
  });
});
