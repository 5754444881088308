// checkpoint inspect, verify and restore: generations from the shell.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint, type Codec } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory, tidemark } from './run';

const custom: Codec<string> = {
  name: 'mine',
  version: 7,
  encode: (value) => Buffer.from(`mine:${value}`),
  decode: (bytes) => Buffer.from(bytes).toString().slice(5),
};

async function threeGenerations(): Promise<string> {
  const directory = join(temporaryDirectory(), 'state');
  const checkpoint = await Checkpoint.open<string>(directory, { keep: 3, codec: custom });
  for (const [index, value] of ['one', 'two', 'three'].entries()) {
    await checkpoint.save(value, { coveredSeq: 10 * (index + 1) });
  }
  await checkpoint.close();
  return directory;
}

function damage(directory: string, generation: number, at = 4098): void {
  const path = join(directory, `checkpoint-000000000000000${generation}.tide`);
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
}

const load = async (directory: string) => {
  const checkpoint = await Checkpoint.open<string>(directory, { codec: custom, readOnly: true });
  return checkpoint.load();
};

describe('checkpoint', () => {
  it('has help and version for each of its commands', async () => {
    for (const command of ['inspect', 'verify', 'restore']) {
      const help = await tidemark(['checkpoint', command, '--help']);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toContain(`Usage: tidemark checkpoint ${command}`);
      expect((await tidemark(['checkpoint', command, '--version'])).code).toBe(0);
      expect((await tidemark(['checkpoint', command])).code).toBe(64);
      expect((await tidemark(['checkpoint', command, 'a', 'b'])).code).toBe(64);
    }
    expect((await tidemark(['checkpoint', 'inspct', 'a'])).code).toBe(64);
    expect((await tidemark(['checkpoint', 'restore', 'a', '--generation', '0'])).code).toBe(64);
  });

  it('of what is not there is exit code 3, and nothing is made', async () => {
    const parent = temporaryDirectory();
    for (const command of ['inspect', 'verify', 'restore']) {
      for (const directory of [join(parent, 'none'), parent]) {
        const { code, stdout, stderr } = await tidemark(['checkpoint', command, directory]);
        expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
        expect(stderr).toContain('There is no checkpoint in');
      }
    }
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe('checkpoint inspect', () => {
  it('lists the generations, also of a codec that only its program has', async () => {
    const directory = await threeGenerations();
    writeFileSync(join(directory, 'notes.txt'), '');
    const { code, stdout, stderr } = await tidemark(['checkpoint', 'inspect', directory]);
    expect(code, stderr).toBe(0);
    expect(stdout.split('\n')[1]).toMatch(/^ *3 +sound +30 +10 B +1 +mine version 7 +\d{4}-/);
    expect(stderr).toContain('Other files: notes.txt.');
    const json = JSON.parse(
      (await tidemark(['checkpoint', 'inspect', directory, '--json'])).stdout,
    );
    expect(json).toMatchObject({
      directory,
      generations: [
        { generation: 3, coveredSeq: 30, codec: { name: 'mine', version: 7 }, valueBytes: 10 },
        { generation: 2, coveredSeq: 20 },
        { generation: 1, coveredSeq: 10 },
      ],
      foreign: ['notes.txt'],
      temporaries: [],
    });
  });

  it('reads headers only: damage of one is exit code 2', async () => {
    const directory = await threeGenerations();
    damage(directory, 3);
    expect((await tidemark(['checkpoint', 'inspect', directory])).code).toBe(0);
    damage(directory, 2, 40);
    const { code, stdout, stderr } = await tidemark(['checkpoint', 'inspect', directory]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^ *2 +damaged$/m);
    expect(stderr).toContain('ERR_TIDEMARK_CORRUPT');
  });
});

describe('checkpoint verify', () => {
  it('reads everything: any damage of any generation is exit code 2, and named', async () => {
    const directory = await threeGenerations();
    const sound = await tidemark(['checkpoint', 'verify', directory]);
    expect(sound).toMatchObject({ code: 0, stderr: 'tidemark: Sound: 3 generations.\n' });
    damage(directory, 1);
    const { code, stdout } = await tidemark(['checkpoint', 'verify', directory, '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).generations).toMatchObject([
      { generation: 3 },
      { generation: 2 },
      { generation: 1, problem: { code: 'ERR_TIDEMARK_CORRUPT', offset: 4096 } },
    ]);
  });

  it('works beside the program that has it open', async () => {
    const directory = await threeGenerations();
    const checkpoint = await Checkpoint.open<string>(directory, { codec: custom });
    expect((await tidemark(['checkpoint', 'verify', directory])).code).toBe(0);
    const locked = await tidemark(['checkpoint', 'restore', directory, '--generation', '1']);
    expect(locked.code).toBe(75);
    expect(locked.stderr).toContain('ERR_TIDEMARK_LOCKED');
    await checkpoint.close();
  });
});

describe('checkpoint restore', () => {
  it('saves the newest whole generation again, and removes nothing', async () => {
    const directory = await threeGenerations();
    damage(directory, 3);
    const before = readdirSync(directory);
    const { code, stderr } = await tidemark(['checkpoint', 'restore', directory]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('Generation 2 is saved again as generation 4.');
    expect(await load(directory)).toEqual({ value: 'two', generation: 4, coveredSeq: 20 });
    expect(readdirSync(directory).length).toBe(before.length + 1);
    const again = await tidemark(['checkpoint', 'restore', directory]);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing to do') });
    expect((await load(directory))?.generation).toBe(4);
  });

  it('saves the generation that is asked for, if it is whole', async () => {
    const directory = await threeGenerations();
    expect((await tidemark(['checkpoint', 'restore', directory, '--generation', '1'])).code).toBe(
      0,
    );
    expect(await load(directory)).toEqual({ value: 'one', generation: 4, coveredSeq: 10 });
    damage(directory, 2);
    const damaged = await tidemark(['checkpoint', 'restore', directory, '--generation', '2']);
    expect(damaged).toMatchObject({ code: 2, stderr: expect.stringContaining('damaged') });
    expect((await tidemark(['checkpoint', 'restore', directory, '--generation', '9'])).code).toBe(
      3,
    );
    expect((await load(directory))?.generation).toBe(4);
  });

  it('of which no generation is whole is exit code 2, and changes nothing', async () => {
    const directory = await threeGenerations();
    for (const generation of [1, 2, 3]) damage(directory, generation);
    const before = readdirSync(directory);
    const { code, stderr } = await tidemark(['checkpoint', 'restore', directory]);
    expect(code).toBe(2);
    expect(stderr.match(/ERR_TIDEMARK_CORRUPT|damaged/g)?.length).toBeGreaterThanOrEqual(3);
    expect(readdirSync(directory)).toEqual(before);
  });
});
