// state dump, scan status, import and export from the shell.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DurableState, Scan, ScanSettings } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { lines, shell, start, temporaryDirectory, tidemark } from './run';

describe('state dump', () => {
  it('prints the newest checkpoint and the events behind it, or the value', async () => {
    const directory = temporaryDirectory();
    const module = join(directory, 'apply.mjs');
    writeFileSync(
      module,
      'export const initial = () => new Map();\n' +
        'export const apply = (map, [key, n]) => { map.set(key, (map.get(key) ?? 0) + n); };\n',
    );
    const { initial, apply } = (await import(module)) as {
      initial: () => Map<string, number>;
      apply: (map: Map<string, number>, event: [string, number]) => void;
    };
    const state = await DurableState.open<Map<string, number>, [string, number]>(
      join(directory, 's'),
      { initial, apply },
    );
    await state.commitBatch([
      ['a', 1],
      ['b', 2],
    ]);
    await state.checkpoint();
    await state.commit(['a', 5]);
    await state.checkpoint();
    await state.commit(['c', 3]);
    await state.close();
    const dumped = await tidemark(['state', 'dump', join(directory, 's')]);
    expect(dumped).toMatchObject({ code: 0, stderr: '' });
    expect(lines(dumped.stdout).map((line) => JSON.parse(line))).toEqual([
      {
        checkpoint: { generation: 2, coveredSeq: 3, version: 1 },
        value: {
          $map: [
            ['a', 6],
            ['b', 2],
          ],
        },
      },
      { seq: 4, event: ['c', 3] },
    ]);
    const applied = await tidemark(['state', 'dump', join(directory, 's'), '--apply', module]);
    expect(JSON.parse(applied.stdout)).toEqual({
      seq: 4,
      value: {
        $map: [
          ['a', 6],
          ['b', 2],
          ['c', 3],
        ],
      },
    });
    expect(applied).toMatchObject({ code: 0, stderr: expect.stringContaining('generation 2') });
    writeFileSync(module, 'export default 5;\n');
    expect(
      await tidemark(['state', 'dump', join(directory, 's'), '--apply', module]),
    ).toMatchObject({ code: 64 });
  });

  it.each([
    ['never settles', 'await new Promise(() => {});', 64, 'its top level waits for what never'],
    ['throws', 'throw new Error("not today");', 64, 'cannot be loaded: not today'],
    ['makes a cycle', 'const a = {}; a.a = a; export const initial = () => a;', 65, 'as JSON'],
    ['makes a function', 'export const initial = () => () => {};', 65, 'makes a function'],
    ['makes a symbol', 'export const initial = () => Symbol();', 65, 'makes a symbol'],
  ])('a module that %s is an error with its code', async (_, source, code, words) => {
    const directory = temporaryDirectory();
    const [state, module] = [join(directory, 's'), join(directory, 'apply.mjs')];
    writeFileSync(module, `${source}\nexport const apply = () => {};\n`);
    const opened = await DurableState.open(state, { initial: () => ({}), apply: () => {} });
    await opened.commit(1);
    await opened.close();
    // What was saved would be the value otherwise.
    rmSync(join(state, 'default', 'checkpoint'), { recursive: true, force: true });
    mkdirSync(join(state, 'default', 'checkpoint'), { recursive: true });
    const { stdout, stderr, ...ended } = await tidemark([
      'state',
      'dump',
      state,
      '--apply',
      module,
    ]);
    expect(ended.code).toBe(code);
    expect(stdout).toBe('');
    expect(lines(stderr)).toEqual([expect.stringMatching(/^tidemark: ERR_TIDEMARK_APPLY: /)]);
    expect(stderr).toContain(words);
  });

  it('of what is not there is exit code 3', async () => {
    const missing = join(temporaryDirectory(), 'none');
    for (const [command, what] of [
      [['state', 'dump'], 'state'],
      [['scan', 'status'], 'scan'],
      [['export'], 'scan'],
      [['checkpoint', 'inspect'], 'checkpoint'],
      [['checkpoint', 'restore'], 'checkpoint'],
      [['cat'], 'journal'],
    ] as const) {
      const stderr = `tidemark: ERR_TIDEMARK_IO: There is no ${what} in ${missing}.\n`;
      expect(await tidemark([...command, missing])).toEqual({
        code: 3,
        signal: null,
        stdout: '',
        stderr,
      });
    }
  });
});

describe('scan status', () => {
  it('shows a scan that is running, until it is done', async () => {
    const directory = temporaryDirectory();
    const scan = await Scan.open(directory, { id: 'nightly', total: 4 });
    await scan.markComplete('a', { findings: 2 });
    await scan.markFailed('b', 'reset');
    await expect
      .poll(async () =>
        JSON.parse((await tidemark(['scan', 'status', directory, '--json'])).stdout),
      )
      .toMatchObject({ id: 'nightly', total: 4, complete: 1, failed: 1, findings: 2 });
    const { stdout } = await tidemark(['scan', 'status', directory]);
    expect(stdout).toMatch(
      /^nightly: \[#{15}\.{15}\] +50 % +2 of 4, 1 complete, 0 skipped, 1 failed, 2 findings/,
    );
    const watching = start('scan', 'status', directory, '--watch', '--json');
    await watching.until((running) => lines(running.stdout).length >= 1);
    await Promise.all(['b', 'c', 'd'].map((target) => scan.markComplete(target)));
    const { code, stdout: watched } = await watching.ended;
    expect(code).toBe(0);
    expect(JSON.parse(lines(watched).at(-1) as string)).toMatchObject({ complete: 4, eta: 0 });
    await scan.close();
  });
});

describe('settings that are exported', () => {
  it.each([[undefined], [0], [7]])('open the scan with its total: %s', async (total) => {
    const directory = temporaryDirectory();
    const [path, file] = [join(directory, 'scan'), join(directory, 'scan.toml')];
    const scan = await Scan.open(path, { id: 's', ...(total !== undefined && { total }) });
    await scan.markComplete('a');
    await scan.close();
    const { code, stdout } = await tidemark(['export', path, '--settings']);
    expect(code).toBe(0);
    writeFileSync(file, stdout);
    const again = await Scan.fromSettings(file);
    expect(again.counts).toMatchObject({ complete: 1, total: total ?? null });
    await again.close();
  });
});

describe('a scan whose journal is elsewhere', () => {
  it('is shown and exported with --journal, and without it that is said', async () => {
    const directory = temporaryDirectory();
    const [path, journal] = [join(directory, 'scan'), join(directory, 'marks')];
    const scan = await Scan.fromSettings({
      scan_id: 's',
      checkpoint_path: path,
      journal_path: journal,
      sync_checkpoint: true,
      flush_interval_secs: 0,
    });
    await scan.markComplete('a');
    await scan.close();
    for (const command of [['scan', 'status'], ['export']]) {
      const without = await tidemark([...command, path]);
      expect(without).toMatchObject({ code: 3, stderr: expect.stringContaining('--journal') });
      const named = await tidemark([...command, path, '--journal', journal]);
      expect(named).toMatchObject({ code: 0, stderr: '' });
      const elsewhere = join(directory, 'none');
      expect(await tidemark([...command, path, '--journal', elsewhere])).toMatchObject({
        code: 3,
        stderr: `tidemark: ERR_TIDEMARK_IO: There is no journal in ${elsewhere}.\n`,
      });
    }
  });
});

describe('a disk that is full', () => {
  it.skipIf(process.platform !== 'linux')('below standard output is exit code 73', async () => {
    const directory = temporaryDirectory();
    const scan = await Scan.open(directory, { id: 's' });
    await scan.markComplete('a');
    await scan.close();
    const { code, stderr } = await shell(`tidemark export ${directory} > /dev/full`);
    expect(code).toBe(73);
    expect(lines(stderr)).toEqual([expect.stringMatching(/^tidemark: ERR_TIDEMARK_NO_SPACE: /)]);
  });
});

describe('import and export', () => {
  it('take scanstate files over and give everything back', async () => {
    const directory = temporaryDirectory();
    const [checkpoint, journal] = [join(directory, 'c.json'), join(directory, 'j.ndjson')];
    writeFileSync(checkpoint, '{"scan_id":"s","completed_targets":["a"]}');
    const good =
      '{"target_id":"b","status":"failed","timestamp":5,"findings_count":1,"detail":"reset"}\n';
    writeFileSync(journal, `${good}{"target_id":"c`);
    const files = ['--checkpoint', checkpoint, '--journal', journal];
    const scan = join(directory, 'scan');
    const strict = await tidemark(['import', scan, ...files]);
    expect(strict.code).toBe(65);
    const named = `tidemark: ERR_TIDEMARK_CONFIG: ${journal}: line 2 is no entry`;
    expect(strict.stderr).toContain(named);
    const lenient = await tidemark(['import', scan, ...files, '--lenient', '--json']);
    expect(lenient.code).toBe(0);
    expect(JSON.parse(lenient.stdout)).toMatchObject([
      { file: checkpoint, read: 1 },
      { file: journal, read: 1, rejected: [{ line: 2, text: '{"target_id":"c' }] },
    ]);
    const exported = await tidemark(['export', scan]);
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    expect(exported.stdout).toBe(
      `{"target_id":"a","status":"completed","timestamp":0,"findings_count":0}\n${good}`,
    );
    const { stdout } = await tidemark(['export', scan, '--settings']);
    expect(ScanSettings.fromToml(stdout)).toMatchObject({ scan_id: 's', checkpoint_path: scan });
    writeFileSync(journal, exported.stdout);
    const again = join(directory, 'again');
    expect(await tidemark(['import', again, '--journal', journal])).toMatchObject({ code: 64 });
    const back = await tidemark(['import', again, '--journal', journal, '--id', 's']);
    expect(back.code).toBe(0);
    expect((await tidemark(['export', again])).stdout).toBe(exported.stdout);
  });

  it('need no id where there is a scan, and take over another one when asked to', async () => {
    const directory = temporaryDirectory();
    const [again, journal] = [join(directory, 'scan'), join(directory, 'j.ndjson')];
    writeFileSync(
      journal,
      '{"target_id":"b","status":"failed","timestamp":5,"findings_count":1}\n',
    );
    await (await Scan.open(again, { id: 's' })).close();
    const known = await tidemark(['import', again, '--journal', journal, '--json']);
    expect(JSON.parse(known.stdout)).toMatchObject([{ read: 1, added: 1 }]);
    const other = ['import', again, '--journal', journal, '--id', 'other'];
    expect(await tidemark(other)).toMatchObject({
      code: 65,
      stderr: expect.stringMatching(
        /^tidemark: ERR_TIDEMARK_MISMATCH: .* 's', not 'other'.*--adopt/,
      ),
    });
    expect((await tidemark([...other, '--adopt'])).code).toBe(0);
  });

  it('name the file that is wrong', async () => {
    const directory = temporaryDirectory();
    const [scan, checkpoint] = [join(directory, 'scan'), join(directory, 'c.json')];
    writeFileSync(checkpoint, '{"scan_id":"s"');
    const broken = await tidemark(['import', scan, '--checkpoint', checkpoint]);
    expect(broken).toMatchObject({ code: 65, stderr: expect.stringContaining(checkpoint) });
    const none = join(directory, 'none');
    expect(await tidemark(['import', scan, '--id', 's', '--journal', none])).toMatchObject({
      code: 3,
      stderr: `tidemark: ERR_TIDEMARK_IO: There is no file ${none}.\n`,
    });
  });
});
