// The other parts of the campaign in small. Times and processor use are reported by the campaign and
// asserted nowhere.
import { describe, expect, it } from 'vitest';
import { checkpointSaves, largeCheckpoint } from './checkpoints.mjs';
import { runPart } from './claims';
import { followers } from './followers.mjs';
import { idleJournals } from './idle-journals.mjs';
import { idleMarks } from './idle-marks.mjs';
import { canSlowTheDisk, memory } from './memory.mjs';
import { openAndRead } from './open-and-read.mjs';
import { recordBytes } from './record-bytes.mjs';
import { scanMarks } from './scan-marks.mjs';
import { stateCommits, stateReopen } from './states.mjs';
import { KiB, MiB, onLinux } from './support.mjs';

const long = 120_000;

describe('bytes on disk', () => {
  it(
    'a 17-byte record committed alone costs at most 64 bytes',
    async () => {
      const sizes = { sizes: [17], from: 500, to: 1000 };
      const { claims, broken } = await runPart(recordBytes, sizes);
      expect(broken).toEqual([]);
      expect(claims).toBe(2);
    },
    long,
  );
});

describe('idle marks', () => {
  it(
    'a pause costs at most one, and a quiet journal stays quiet',
    async () => {
      const sizes = { records: 20, pauseMs: 15, quietMs: 100 };
      const { claims, broken } = await runPart(idleMarks, sizes);
      expect(broken).toEqual([]);
      expect(claims).toBe(3);
    },
    long,
  );
});

describe('followers', () => {
  it(
    'in another process and in another worker see every record once, in order',
    async () => {
      const sizes = { records: 50, idleMs: 0, seed: 3 };
      const { claims, broken } = await runPart(followers, sizes);
      expect(broken).toEqual([]);
      expect(claims).toBe(2);
    },
    long,
  );
});

describe('checkpoints and states', () => {
  it(
    'a stream comes back in bounded memory, a save is the last one, an open applies the rest',
    async () => {
      const large = await runPart(largeCheckpoint, { mebibytes: 96 });
      const saves = await runPart(checkpointSaves, { sizes: [KiB], saves: 3, peers: false });
      const sizes = { callers: [16], rounds: 1, milliseconds: 50 };
      const commits = await runPart(stateCommits, sizes);
      const reopen = await runPart(stateReopen, { events: 20_000, covered: 19_000 });
      for (const { broken } of [large, saves, commits, reopen]) expect(broken).toEqual([]);
      expect([large, saves, commits, reopen].map(({ claims }) => claims)).toEqual([3, 1, 1, 2]);
    },
    long,
  );
});

// These look at the process through /proc.
describe.skipIf(!onLinux)('the process', () => {
  it(
    'gives back threads and descriptors of closed journals; idle ones write nothing',
    async () => {
      const { claims, broken } = await runPart(idleJournals, { journals: 40, idleMs: 100 });
      expect(broken).toEqual([]);
      expect(claims).toBe(3);
    },
    long,
  );

  it(
    'opens after a clean close without reading the records, and reads in bounded memory',
    async () => {
      const { claims, broken } = await runPart(openAndRead, { records: 200_000, fewRecords: 2000 });
      expect(broken).toEqual([]);
      expect(claims).toBe(8);
    },
    long,
  );
});

describe.skipIf(!onLinux)('a scan', () => {
  it(
    'has every mark again, beside a file that is rewritten for each',
    async () => {
      const sizes = { targets: 2000, few: 100, marks: 5 };
      const { claims, broken } = await runPart(scanMarks, sizes);
      expect(broken).toEqual([]);
      expect(claims).toBe(1);
    },
    long,
  );
});

// strace delays the syncs, so that small records run ahead of the disk as well.
describe.skipIf(!canSlowTheDisk())('memory', () => {
  it(
    'stays below maxPendingBytes + 64 MiB while appends run far ahead of the disk',
    async () => {
      const small = { recordBytes: 100, maxPendingBytes: 32 * MiB };
      const large = { recordBytes: 64 * KiB, maxPendingBytes: 32 * MiB };
      const cases = [
        { form: 'append', ...small },
        { form: 'append', ...large },
        { form: 'write', ...small },
      ];
      // How far ahead is a matter of speed, which the campaign measures: here it is ahead at all.
      const { claims, broken } = await runPart(memory, { cases, milliseconds: 1500, ahead: 2 });
      expect(broken).toEqual([]);
      expect(claims).toBe(9);
    },
    long,
  );
});
