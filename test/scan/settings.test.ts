// Settings as TOML, and errors that say where.
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ScanSettings } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { rejection, temporaryDirectory } from '../support/journals';

const lines = [
  'scan_id = "s"',
  'checkpoint_path = "a"',
  'total_targets = 5',
  'sync_checkpoint = true',
  'flush_interval_secs = 2',
];
const text = `${lines.join('\n')}\n`;
const thrown = (toml: string): unknown => {
  try {
    return ScanSettings.fromToml(toml);
  } catch (error) {
    return error;
  }
};

describe('TOML', () => {
  it('holds what scanstate holds', () => {
    expect(ScanSettings.fromToml(`${text}journal_path = 'j'`)).toEqual({
      scan_id: 's',
      checkpoint_path: 'a',
      journal_path: 'j',
      total_targets: 5,
      sync_checkpoint: true,
      flush_interval_secs: 2,
    });
  });

  it('needs no total', () => {
    const { total_targets, ...rest } = ScanSettings.fromToml(text);
    expect(total_targets).toBe(5);
    const without = ScanSettings.fromToml(text.replace('total_targets = 5\n', ''));
    expect(without).toEqual(rest);
    expect(ScanSettings.fromToml(ScanSettings.toToml(without))).toEqual(rest);
  });

  it('round trip', () => {
    const path = fc.string({ minLength: 1 }).filter((each) => !each.includes('\0'));
    const settings = fc.record(
      {
        scan_id: fc.string({ minLength: 1 }),
        checkpoint_path: path,
        journal_path: path,
        total_targets: fc.maxSafeNat(),
        sync_checkpoint: fc.boolean(),
        flush_interval_secs: fc.integer({ min: 0, max: 3600 }),
      },
      {
        requiredKeys: ['scan_id', 'checkpoint_path', 'sync_checkpoint', 'flush_interval_secs'],
      },
    );
    fc.assert(
      fc.property(settings, (each) => {
        expect(ScanSettings.fromToml(ScanSettings.toToml(each as ScanSettings))).toEqual(each);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['no TOML', `${text}x = `, { line: 6, column: 5 }],
    ['a key twice', `${text}scan_id = "t"`, { line: 6, column: 1 }],
    ['a wrong type', text.replace('5', '"five"'), { line: 3, column: 1 }],
    ['a negative number', text.replace('5', '-5'), { line: 3, column: 1 }],
    ['an interval that is too long', text.replace('= 2', '= 3601'), { line: 5, column: 1 }],
    ['an empty id', text.replace('"s"', '""'), { line: 1, column: 1 }],
    ['an empty path', text.replace('"a"', '""'), { line: 2, column: 1 }],
    ['an unknown key', `${text}  flush_interval = 2`, { line: 6, column: 3 }],
    ['an unknown table', `${text}[scan]\nid = 1`, { line: 6, column: 1 }],
    ['a missing key', lines.slice(1).join('\n'), { line: 4, column: 24 }],
    [
      'a key that is in a text before',
      `scan_id = """\ntotal_targets = 1\n"""\n${lines.slice(1).join('\n').replace('5', 'true')}`,
      { line: 5, column: 1 },
    ],
  ])('%s is an error that says where', (_, toml, place) => {
    expect(thrown(toml)).toMatchObject({ code: 'ERR_TIDEMARK_CONFIG', ...place });
  });

  it('that is no text is refused as an argument', () => {
    for (const value of [5, undefined, null, {}]) {
      expect(thrown(value as never)).toMatchObject({
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringContaining('"text" must be a string'),
      });
    }
  });

  it('names the nearest of a misspelled key', () => {
    expect(thrown(`${text}flush_intervall_secs = 1`)).toMatchObject({
      message: expect.stringContaining('"flush_interval_secs"'),
    });
  });
});

describe('files', () => {
  it('are replaced atomically and read, also through a link', async () => {
    const directory = temporaryDirectory();
    const [file, link] = [join(directory, 'scan.toml'), join(directory, 'link.toml')];
    const settings = ScanSettings.fromToml(text);
    await ScanSettings.save(settings, file);
    symlinkSync(file, link);
    expect(await ScanSettings.load(link)).toEqual(settings);
    writeFileSync(file, 'scan_id = 5');
    expect(await rejection(ScanSettings.load(file))).toMatchObject({
      code: 'ERR_TIDEMARK_CONFIG',
      path: file,
    });
    expect(() => ScanSettings.toToml({ ...settings, scan_id: 5 } as never)).toThrow(/scan_id/);
  });
});
