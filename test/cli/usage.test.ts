// Help, version and wrong usage, the same for every command.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root, shell, temporaryDirectory, tidemark } from './run';

const commands = [
  'append',
  'cat',
  'verify',
  'inspect',
  'salvage',
  'snapshot',
  'truncate',
  'cursors',
  'state',
  'scan',
  'import',
  'export',
  'checkpoint',
  'doctor',
  'bench',
  'demo',
];
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
};

describe('help and version', () => {
  it('of the program name every command', async () => {
    const { code, stdout, stderr } = await tidemark(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of commands) expect(stdout).toContain(`\n  ${command} `);
    expect(await tidemark(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it.each(commands)('of %s go to standard output with exit code 0', async (command) => {
    const help = await tidemark([command, '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain(`Usage: tidemark ${command}`);
    expect(await tidemark([command, '--version'])).toMatchObject({
      code: 0,
      stdout: `${version}\n`,
    });
  });
});

describe('the command "help"', () => {
  it('prints the help of a command, and exits with 0', async () => {
    for (const args of [['help'], ['help', 'cat'], ['scan', 'help', 'status']]) {
      const { code, stdout, stderr } = await tidemark(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('Usage: tidemark');
    }
  });
});

describe('without the native part', () => {
  it('every command ends with exit code 69, and makes nothing', async () => {
    const directory = temporaryDirectory();
    const missing = join(directory, 'none.node');
    for (const command of [
      'cat',
      'verify',
      'inspect',
      'checkpoint inspect',
      'state dump',
      'scan status',
      'doctor',
      'bench',
      'demo',
    ]) {
      const environment = `TIDEMARK_NATIVE_PATH="${missing}" TMPDIR="${directory}"`;
      const { code, stderr } = await shell(
        `export ${environment}; tidemark ${command} "${directory}"`,
      );
      expect({ command, code }).toEqual({ command, code: 69 });
      expect(stderr).toContain('ERR_TIDEMARK_NATIVE_LOAD');
      expect(readdirSync(directory)).toEqual([]);
    }
  });
});

describe('wrong usage is exit code 64, said on standard error', () => {
  const directory = join(temporaryDirectory(), 'never-made');
  it.each<[string, string[]]>([
    ['no command', []],
    ['an unknown command', ['apend', directory]],
    ['an unknown option', ['cat', directory, '--form', '1']],
    ['a missing argument', ['cat']],
    ['a missing required option', ['truncate', directory]],
    ['an argument too many', ['verify', directory, directory]],
    ['a seq that is none', ['cat', directory, '--from', '0']],
    ['a number that is none', ['cat', directory, '--limit', '1.5']],
    ['a range that is none', ['cat', directory, '--from', '3', '--to', '2']],
    ['options that exclude each other', ['append', directory, '--text', '--binary']],
    ['options that exclude each other', ['cat', directory, '--reverse', '--follow']],
    ['an unknown choice', ['append', directory, '--codec', 'xml']],
    ['a durability that is none', ['append', directory, '--durability', 'soon']],
    ['a size that is none', ['append', directory, '--segment-bytes', 'large']],
    ['a size out of range', ['append', directory, '--segment-bytes', '1']],
  ])('%s: %j', async (_, args) => {
    const { code, stdout, stderr } = await tidemark(args);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  it('names the help of the command, or of those below it', async () => {
    expect((await tidemark(['cat'])).stderr).toContain('"tidemark cat --help"');
    expect((await tidemark(['scan', 'foo'])).stderr).toContain('"tidemark scan --help"');
  });

  it('names the command or option that was meant', async () => {
    expect((await tidemark(['apend'])).stderr).toContain('append');
    expect((await tidemark(['cat', directory, '--form', '1'])).stderr).toContain('--from');
  });
});
