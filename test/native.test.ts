// Where the addon is looked for, which file is taken, and what the error says when none is. Each case
// is a package folder of its own, made of dist/ and the binary that was built, loaded by a new process.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const built = join(root, 'build', 'Release', 'tidemark.node');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
};
const development = join('build', 'Release', 'tidemark.node');
const prebuilt = (name: string) => join('prebuilds', `${process.platform}-${process.arch}`, name);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-native-'));
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'tidemark', version }));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function put(path: string, content: 'addon' | 'garbage'): string {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  if (content === 'addon') cpSync(built, target);
  else writeFileSync(target, 'this is no shared object');
  return target;
}

interface Outcome {
  /** The file below the folder that was loaded. */
  loaded?: string;
  code?: string;
  message?: string;
  path?: string;
}

function load(environment: NodeJS.ProcessEnv = {}): Outcome {
  const program = `
    try {
      require('./dist/native.js').native();
      const objects = process.report.getReport().sharedObjects;
      const path = objects.find((object) => object.endsWith('.node'));
      console.log(JSON.stringify({ loaded: path }));
    } catch ({ code, message, path }) { console.log(JSON.stringify({ code, message, path })); }`;
  const { TIDEMARK_NATIVE_PATH: _, ...rest } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
    cwd: folder,
    env: { ...rest, ...environment },
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Outcome;
}

describe('the search for the addon', () => {
  it('takes build/Release before a prebuilt binary', () => {
    const path = put(development, 'addon');
    put(prebuilt('tidemark.node'), 'addon');
    expect(load()).toEqual({ loaded: path });
  });

  it('takes the prebuilt binary where nothing was built', () => {
    const path = put(prebuilt('tidemark.node'), 'addon');
    expect(load()).toEqual({ loaded: path });
  });

  it('takes the prebuilt binary where the built one cannot be loaded', () => {
    put(development, 'garbage');
    const path = put(prebuilt('tidemark.node'), 'addon');
    expect(load()).toEqual({ loaded: path });
  });

  it.runIf(process.platform === 'linux')('takes the binary of its own C library', () => {
    const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
    const [own, other] = report.header.glibcVersionRuntime ? ['glibc', 'musl'] : ['musl', 'glibc'];
    const path = put(prebuilt(`tidemark.${own}.node`), 'addon');
    put(prebuilt(`tidemark.${other}.node`), 'garbage');
    expect(load()).toEqual({ loaded: path });

    rmSync(path);
    const outcome = load();
    expect(outcome.code).toBe('ERR_TIDEMARK_NATIVE_LOAD');
    expect(outcome.message).toContain(`no binary for ${own} among: tidemark.${other}.node`);
  });

  it('takes only the file that TIDEMARK_NATIVE_PATH names', () => {
    put(development, 'addon');
    const elsewhere = put(join('elsewhere', 'tidemark.node'), 'addon');
    expect(load({ TIDEMARK_NATIVE_PATH: elsewhere })).toEqual({ loaded: elsewhere });

    const missing = join(folder, 'missing.node');
    const outcome = load({ TIDEMARK_NATIVE_PATH: missing });
    expect(outcome).toMatchObject({ code: 'ERR_TIDEMARK_NATIVE_LOAD', path: missing });
    expect(outcome.message).toContain('Unset TIDEMARK_NATIVE_PATH');
  });

  it('does not run a JavaScript file that TIDEMARK_NATIVE_PATH names', () => {
    const script = join(folder, 'script.js');
    writeFileSync(script, `exports.version = '${version}';`);
    const outcome = load({ TIDEMARK_NATIVE_PATH: script });
    expect(outcome.code).toBe('ERR_TIDEMARK_NATIVE_LOAD');
    expect(outcome.message).toContain('not a .node file');
  });

  it('refuses a binary of another version and names both versions', () => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '99.1.2' }));
    const path = put(development, 'addon');
    const outcome = load();
    expect(outcome).toMatchObject({ code: 'ERR_TIDEMARK_NATIVE_LOAD', path });
    expect(outcome.message).toContain(`the binary is of version ${version}, the package of 99.1.2`);
  });

  it('says what to type where there is no binary at all', () => {
    const outcome = load();
    expect(outcome.code).toBe('ERR_TIDEMARK_NATIVE_LOAD');
    const system = `${process.platform}-${process.arch}`;
    expect(outcome.message).toContain(`carries no binary for ${system}`);
    expect(outcome.message).toContain('npm run build');
  });

  it('names the binary that is there and fails before those that are not there', () => {
    const path = put(prebuilt('tidemark.node'), 'garbage');
    const outcome = load();
    expect(outcome).toMatchObject({ code: 'ERR_TIDEMARK_NATIVE_LOAD', path });
    expect(outcome.message).toContain(development);
  });
});

// A name that the addon shows is bound to the copy of the node executable where that has one, too:
// the weak ones of the standard library's templates, compiled by another compiler.
describe.runIf(process.platform === 'linux')('the shared object', () => {
  it('shows nothing but the two names of Node-API', () => {
    const { stdout, stderr } = spawnSync('nm', ['-D', '--defined-only', built], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const names = stdout.split('\n').flatMap((line) => line.split(' ')[2] ?? []);
    expect(names.sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
  });
});
