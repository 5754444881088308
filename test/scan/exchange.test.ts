// Files of scanstate come in, and everything goes out and comes back.
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { Scan } from 'tidemark';
import { SimulatedDisk } from 'tidemark/testing';
import { describe, expect, it } from 'vitest';
import { rejection, rejections } from '../support/journals';

const onDisk = (body: () => Promise<void>) => () => new SimulatedDisk().run(body);

// As scanstate 0.2 writes them.
const checkpoint = JSON.stringify(
  { scan_id: 's', completed_targets: ['a.example', 'b.example'] },
  null,
  2,
);
const entry = (target_id: string, status: string, timestamp: number, findings_count: number) =>
  `${JSON.stringify({ target_id, status, timestamp, findings_count })}\n`;
const journal = [
  entry('b.example', 'completed', 1_700_000_000, 3),
  entry('c.example', 'failed', 1_700_000_001, 1),
  '\n',
  entry('c.example', 'completed', 1_700_000_002, 2),
  entry('d.example', 'skipped', 1_700_000_003, 0),
];

describe('a checkpoint of scanstate', () => {
  it(
    'is taken over, once however often',
    onDisk(async () => {
      const scan = await Scan.open('/s', { id: 's' });
      const first = await scan.importCheckpoint(checkpoint);
      expect(first).toEqual({ read: 2, added: 2, known: 0, rejected: [] });
      expect(await scan.importCheckpoint(checkpoint)).toMatchObject({ added: 0, known: 2 });
      expect(scan.counts.complete).toBe(2);
      // Done in time that is not ours: it makes no rate.
      expect(scan.progress.rate).toBeNull();
      const other = checkpoint.replace('"s"', '"other"');
      expect(await rejection(scan.importCheckpoint(other))).toMatchObject({
        code: 'ERR_TIDEMARK_MISMATCH',
      });
      await scan.close();
    }),
  );

  it(
    'that is damaged is an error, or what is sound in it, with an account',
    onDisk(async () => {
      const scan = await Scan.open('/s', { id: 's' });
      const odd = checkpoint.replace('"a.example"', '5');
      expect(await rejection(scan.importCheckpoint(odd))).toMatchObject({
        code: 'ERR_TIDEMARK_CONFIG',
      });
      expect(await scan.importCheckpoint(odd, { lenient: true })).toEqual({
        read: 1,
        added: 1,
        known: 0,
        rejected: [{ line: 1, reason: 'completed_targets[0] is no text', text: '5' }],
      });
      for (const text of [checkpoint.slice(0, -4), '[]', 'null', '{}']) {
        const refused = scan.importCheckpoint(text, { lenient: true });
        expect(await rejection(refused)).toMatchObject({ code: 'ERR_TIDEMARK_CONFIG' });
      }
      await scan.close();
    }),
  );
});

describe('a journal of scanstate', () => {
  it(
    'is taken over, a failure giving way to the retry',
    onDisk(async () => {
      const scan = await Scan.open('/s', { id: 's' });
      const report = await scan.importLines(
        Readable.from(journal.map((line) => Buffer.from(line))),
      );
      expect(report).toEqual({ read: 4, added: 4, known: 0, rejected: [] });
      const counts = { complete: 2, skipped: 1, failed: 0, findings: 5 };
      expect(scan.counts).toMatchObject(counts);
      expect(await scan.importLines(journal)).toMatchObject({ added: 0, known: 4 });
      expect(scan.counts).toMatchObject(counts);
      await scan.close();
    }),
  );

  it(
    'S1: a torn line and what is not an entry are errors with their line, or left out and listed',
    onDisk(async () => {
      const scan = await Scan.open('/s', { id: 's' });
      const torn = [
        ...journal.slice(0, 2),
        '{"target_id":"a',
        '{"target_id":"lost"}\n',
        'nonsense\n',
      ];
      const unknown = entry('e.example', 'paused', 5, 0);
      const source = [...torn, unknown, entry('f.example', 'completed', 6, 0)].join('');
      const strict = await rejection(scan.importLines([source]));
      expect(strict).toMatchObject({ code: 'ERR_TIDEMARK_CONFIG', line: 3 });
      const { rejected } = await scan.importLines([source], { lenient: true });
      expect(rejected.map(({ line }) => line)).toEqual([3, 4, 5]);
      expect(rejected[2]?.reason).toContain('"paused"');
      expect(scan.isComplete('f.example')).toBe(true);
      await scan.close();
    }),
  );
});

describe('a byte order mark', () => {
  it(
    'in front of a file is skipped',
    onDisk(async () => {
      const scan = await Scan.open('/s', { id: 's' });
      const lines = `\ufeff${journal.join('')}`;
      expect(await scan.importLines([lines])).toMatchObject({ read: 4, added: 4 });
      expect(await scan.importLines([Buffer.from(lines)])).toMatchObject({ read: 4, known: 4 });
      expect(await scan.importCheckpoint(`\ufeff${checkpoint}`)).toMatchObject({ read: 2 });
      await scan.close();
    }),
  );
});

describe('what is no file at all', () => {
  it(
    'is refused as an argument',
    onDisk(async () => {
      const scan = await Scan.open('/s', { id: 's' });
      for (const error of await rejections([
        scan.importLines(7 as never),
        scan.importLines({} as never),
        scan.importLines([7] as never),
        scan.importCheckpoint(7 as never),
      ])) {
        expect(error).toMatchObject({
          name: 'TypeError',
          code: 'ERR_INVALID_ARG_TYPE',
        });
      }
      await scan.close();
    }),
  );
});

describe('a scan', () => {
  it('comes back from its lines with everything that is known of its targets', async () => {
    const target = fc.oneof(fc.string(), fc.constantFrom('a', 'b'));
    const action = fc.tuple(
      fc.constantFrom('complete', 'skipped', 'failed', 'found'),
      target,
      fc.string(),
      fc.nat(2 ** 21),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
        await new SimulatedDisk().run(async () => {
          const scan = await Scan.open('/s', { id: 's' });
          for (const [kind, name, text, n] of actions) {
            if (kind === 'complete') {
              await scan.markComplete(name, { findings: n, ...(n % 2 === 1 && { detail: text }) });
            } else if (kind === 'skipped') await scan.markSkipped(name, text);
            else if (kind === 'failed') await scan.markFailed(name, text);
            else await scan.recordFindings(name, n);
          }
          const lines = [...scan.exportLines()];
          const again = await Scan.open('/again', { id: 's' });
          await again.importLines(lines);
          expect([...again.exportLines()].sort()).toEqual([...lines].sort());
          expect([...again.targets()]).toEqual([...scan.targets()]);
          expect(again.counts).toEqual(scan.counts);
          await again.close();
          await scan.close();
        });
      }),
      { numRuns: 20 },
    );
  });
});
