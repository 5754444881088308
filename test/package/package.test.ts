// The package as it is published: packed, installed in an empty folder without install scripts and
// without a compiler, used through import and require, and looked at by publint and attw.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { npmCommand } from '../../scripts/tools.mjs';
import { asCommonJs, root, runnable, snippetsOf } from '../support/snippets';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  exports: Record<string, unknown>;
};
/** What a user may write behind `from`. */
const specifiers = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace(/^\./, 'tidemark'));
const [npm = 'npm', ...npmScript] = npmCommand();

let base: string;
/** The empty folder that the package is installed in. */
let consumer: string;
/** A PATH with node and nothing else. */
let bareEnvironment: NodeJS.ProcessEnv;
let tarball: string;
let packed: string[];

function succeed(result: SpawnSyncReturns<string>): SpawnSyncReturns<string> {
  if (result.status !== 0) throw new Error(`${result.error ?? ''}${result.stdout}${result.stderr}`);
  return result;
}

function inConsumer(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, args, {
    cwd: consumer,
    env: bareEnvironment,
    encoding: 'utf8',
    timeout: 120_000,
  });
}

function runText(name: string, text: string): string {
  writeFileSync(join(consumer, name), text);
  return succeed(inConsumer(name)).stdout.trim();
}

beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'tidemark-package-')));
  consumer = join(base, 'consumer');
  const bin = join(base, 'bin');
  mkdirSync(consumer);
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  // npm starts install scripts through a shell; a missing one would hide that it tried.
  symlinkSync('/bin/sh', join(bin, 'sh'));
  const { npm_config_nodedir: _, TIDEMARK_NATIVE_PATH: __, ...rest } = process.env;
  bareEnvironment = { ...rest, PATH: bin };

  succeed(
    spawnSync(process.execPath, ['scripts/binary.mjs', '--again'], { cwd: root, encoding: 'utf8' }),
  );
  const pack = succeed(
    spawnSync(npm, [...npmScript, 'pack', '--json', '--pack-destination', base], {
      cwd: root,
      encoding: 'utf8',
    }),
  );
  const [report] = JSON.parse(pack.stdout) as { filename: string; files: { path: string }[] }[];
  if (!report) throw new Error('npm pack reported nothing');
  tarball = join(base, report.filename);
  packed = report.files.map(({ path }) => path);

  writeFileSync(join(consumer, 'package.json'), '{ "name": "consumer", "private": true }\n');
  const npmPath = npmScript[0] ?? '';
  succeed(inConsumer(npmPath, 'install', '--ignore-scripts', '--prefer-offline', tarball));
}, 600_000);

afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

describe('the tarball', () => {
  it('carries the binary of this platform, tagged with the C library', () => {
    const folder = `prebuilds/${process.platform}-${process.arch}/`;
    const binaries = packed.filter((path) => path.startsWith(folder));
    expect(binaries).toHaveLength(1);
    if (process.platform === 'linux') expect(binaries[0]).toMatch(/\.(glibc|musl)\.node$/);
  });

  it('carries every file that "exports" names', () => {
    const named = JSON.stringify(manifest.exports).match(/\.\/[^"]+\.(d\.)?[mc]?[jt]s(?=")/g) ?? [];
    expect(named.length).toBeGreaterThan(0);
    for (const path of named) expect(packed).toContain(path.slice(2));
  });

  it('has nothing that makes npm build: no binding.gyp, no install script', () => {
    expect(packed.filter((path) => /\.(gypi?|cpp|hpp)$/.test(path))).toEqual([]);
    const installed = JSON.parse(
      readFileSync(join(consumer, 'node_modules', 'tidemark', 'package.json'), 'utf8'),
    ) as { scripts: Record<string, string>; gypfile: boolean };
    expect(installed.gypfile).toBe(false);
    expect(Object.keys(installed.scripts)).not.toContain('install');
  });

  it('is clean for publint', async () => {
    const bytes = readFileSync(tarball);
    const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const { messages, pkg } = await publint({
      pkgDir: 'package', // the folder that npm puts everything in
      pack: { tarball: data as ArrayBuffer },
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('is clean for attw', () => {
    const attw = join(root, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js');
    const result = spawnSync(process.execPath, [attw, '--no-color', tarball], {
      encoding: 'utf8',
    });
    expect(`${result.stdout}${result.stderr}`).toContain('No problems found');
    expect(result.status).toBe(0);
  });
});

describe('installed with --ignore-scripts and no compiler', () => {
  it('finds no compiler on the PATH', () => {
    for (const name of ['cc', 'gcc', 'g++', 'clang', 'make', 'python3']) {
      expect(spawnSync(name, ['--version'], { env: bareEnvironment }).error).toMatchObject({
        code: 'ENOENT',
      });
    }
  });

  it('loads the prebuilt binary, of the version of the package', () => {
    const output = runText(
      'load.cjs',
      `const { join } = require('node:path');
       const directory = join(require.resolve('tidemark/package.json'), '..');
       const { version } = require(join(directory, 'dist', 'native.js')).native();
       const objects = process.report.getReport().sharedObjects;
       console.log(version, objects.filter((path) => path.startsWith(directory)).length);`,
    );
    expect(output).toBe(`${manifest.version} 1`);
  });

  it.each(specifiers)('%s gives import and require the same objects', (specifier) => {
    const output = runText(
      'same.mjs',
      `import * as imported from '${specifier}';
       import { createRequire } from 'node:module';
       const required = createRequire(import.meta.url)('${specifier}');
       const names = Object.keys(required).sort();
       const differ = names.filter((name) => imported[name] !== required[name]);
       const extra = Object.keys(imported).filter((name) => !names.includes(name));
       console.log(JSON.stringify({ count: names.length, differ, extra }));`,
    );
    const { count, differ, extra } = JSON.parse(output) as {
      count: number;
      differ: string[];
      extra: string[];
    };
    expect(count).toBeGreaterThan(0);
    expect({ differ, extra }).toEqual({ differ: [], extra: [] });
  });

  it('names the causes and what to type when there is no binary', () => {
    const broken = join(base, 'broken');
    cpSync(consumer, broken, { recursive: true });
    rmSync(join(broken, 'node_modules', 'tidemark', 'prebuilds'), { recursive: true });
    const program = `
      try { require('./node_modules/tidemark/dist/native.js').native(); console.log('loaded'); }
      catch (error) { console.log(error.code, error.message); }`;
    const { stdout } = spawnSync(process.execPath, ['-e', program], {
      cwd: broken,
      env: bareEnvironment,
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^ERR_TIDEMARK_NATIVE_LOAD /);
    expect(stdout).toContain(`no binary for ${process.platform}-${process.arch}`);
    expect(stdout).toContain('npm run build');
  });

  it.each([
    { file: 'types.mts', module: 'node16' },
    { file: 'types.cts', module: 'node16' },
    { file: 'types.mts', module: 'nodenext' },
    { file: 'types.cts', module: 'nodenext' },
    { file: 'types.ts', module: 'esnext' },
  ])('types resolve for $file with module $module', ({ file, module }) => {
    const types = join(consumer, 'node_modules', '@types');
    if (!existsSync(types)) {
      mkdirSync(types);
      for (const name of ['node', '../undici-types']) {
        symlinkSync(join(root, 'node_modules', '@types', name), join(types, name), 'dir');
      }
    }
    const imports = specifiers.map((path, index) => `import * as room${index} from '${path}';`);
    const uses = specifiers.map((_, index) => `export const used${index}: object = room${index};`);
    const error = "const error = new room0.TidemarkError('ERR_TIDEMARK_IO', 'x');";
    const code = `${error}\nexport const code: 'ERR_TIDEMARK_IO' | string = error.code;`;
    // Were the types missing, everything would be \`any\` and this line would be no error.
    const proof = '// @ts-expect-error\nexport const wrong: number = error.code;';
    writeFileSync(join(consumer, file), [...imports, ...uses, code, proof, ''].join('\n'));
    const resolution = module === 'esnext' ? 'bundler' : module;
    const { stdout, status } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
        ...['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,esnext.disposable'],
        ...['--types', 'node', '--module', module, '--moduleResolution', resolution, file],
      ],
      { cwd: consumer, encoding: 'utf8' },
    );
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it("runs the README's first example through import and require", (context) => {
    const [example] = snippetsOf('README.md').filter(({ notRun }) => notRun === undefined);
    if (!example) return context.skip('README.md has no example yet');
    // It has to run on Node 20 and 22, where this syntax is an error.
    expect(example.code).not.toContain('await using');
    const { text } = runnable(example);
    const clean = () => {
      const place = mkdtempSync(join(consumer, 'readme-'));
      return (name: string, content: string) => {
        writeFileSync(join(place, name), content);
        return succeed(
          spawnSync(process.execPath, [name], {
            cwd: place,
            env: bareEnvironment,
            encoding: 'utf8',
            timeout: 60_000,
          }),
        ).stdout;
      };
    };
    const imported = clean()('example.mjs', text);
    const required = clean()('example.cjs', asCommonJs(text));
    expect(required).toBe(imported);
  });

  it('npm ci from the lockfile runs no script of ours', () => {
    const lock = JSON.parse(readFileSync(join(consumer, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    expect(lock.packages['node_modules/tidemark']?.hasInstallScript).toBeUndefined();
    const npmPath = npmScript[0] ?? '';
    const { stdout, stderr } = succeed(
      inConsumer(npmPath, 'ci', '--foreground-scripts', '--prefer-offline'),
    );
    expect(`${stdout}${stderr}`).not.toMatch(/> tidemark@/);
    expect(`${stdout}${stderr}`).not.toMatch(/node-gyp (re)?build/);
  });
});
