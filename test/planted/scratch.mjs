// A copy of the tree in which a defect is planted, the nets are cast, and the defect is taken out
// again. Files keep their times while their content is the same, so that builds stay incremental.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { plain } from '../../scripts/native-builds.mjs';
import { exec, fixedAddresses } from '../../scripts/runners.mjs';
import { hasCommand, root } from '../../scripts/tools.mjs';

const minute = 60_000;
/** A net that does not end by then, or a test that ran out of its time, has shown nothing. */
const netMinutes = 20;
/** Native tests take seconds. One that failed may leave threads that wait for ever: it has shown enough. */
const roomMinutes = 4;
const mostBytes = 8 * 2 ** 30;
const ranOut = /Test timed out in \d+ ?ms|stopped after \d+ minutes/;

export function trackedFiles() {
  const listed = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    },
  );
  if (listed.status !== 0) throw new Error(`planting needs a git checkout: ${listed.stderr}`);
  return listed.stdout.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
}

function gitApply(directory, options, log) {
  const applied = spawnSync('git', ['apply', ...options], {
    cwd: directory,
    encoding: 'utf8',
    // The scratch may stand inside of a checkout: then its paths would be taken as that one's.
    env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(directory) },
  });
  if (applied.status !== 0) log(applied.stderr.trim());
  return applied.status === 0;
}

/** Whether the patch applies to the tree as it is; nothing is changed. */
export const applies = (patch, log = () => {}) => gitApply(root, ['--check', patch], log);

/** A defect may make a loop of something: it must not take the machine with it. Sanitizers reserve more. */
function boundedMemory() {
  return hasCommand('prlimit') ? ['prlimit', `--as=${mostBytes}`] : [];
}

/** A defect may let one test hang: others get the chance to tell what it does. */
const mostFailures = '3';

function hasOnlyRunOut(output) {
  const errors = output.match(/^\s*\w*Error: .*$/gm) ?? [];
  return ranOut.test(output) && errors.every((error) => ranOut.test(error));
}

/** The name of the first test case that failed; others say their names, too. */
function failedTestCase(output) {
  const at = output.search(/ERROR: /);
  return output
    .slice(0, Math.max(at, 0))
    .match(/TEST CASE:.*/g)
    ?.at(-1)
    ?.replace(/TEST CASE:\s*/, '');
}

export class Scratch {
  constructor(directory, log) {
    this.directory = directory;
    this.log = log;
  }

  /** The tree as it is now, without builds. */
  fill() {
    mkdirSync(this.directory, { recursive: true });
    const files = trackedFiles();
    const wanted = new Set(files);
    for (const path of files) {
      const from = join(root, path);
      const to = join(this.directory, path);
      const bytes = readFileSync(from);
      if (existsSync(to) && readFileSync(to).equals(bytes)) continue;
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, bytes, { mode: statSync(from).mode });
    }
    // What an earlier fill left and the tree no longer has.
    const known = join(this.directory, '.planted-files');
    const before = existsSync(known) ? readFileSync(known, 'utf8').split('\n') : [];
    for (const path of before) {
      if (path !== '' && !wanted.has(path)) rmSync(join(this.directory, path), { force: true });
    }
    writeFileSync(known, files.join('\n'));
    for (const modules of [
      'node_modules',
      'bench/js/node_modules',
      'test/threads/runtimes/node_modules',
    ]) {
      const link = join(this.directory, modules);
      if (existsSync(join(root, modules)) && !existsSync(link)) {
        symlinkSync(join(root, modules), link, 'dir');
      }
    }
  }

  /** True when the patch is planted. `fill` takes it out again. */
  apply(patch) {
    return gitApply(this.directory, [patch], this.log);
  }

  /**
   * Builds what the net runs, and no more. False: it does not compile. A compiler cache is used when
   * CMAKE_CXX_COMPILER_LAUNCHER names it.
   */
  async build({ rooms, build = plain.build, settings = plain.settings }) {
    if (rooms === undefined) {
      return (
        (await this.#run(process.execPath, ['scripts/build.mjs', 'native'])) &&
        (await this.#run(process.execPath, ['scripts/build.mjs', 'lib']))
      );
    }
    const place = join(this.directory, 'build', build);
    // Ninja looks by itself whether CMake must run again.
    if (!existsSync(join(place, 'build.ninja'))) {
      const set = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
      const where = ['-S', this.directory, '-B', place, '-G', 'Ninja'];
      if (!(await this.#run('cmake', [...where, ...set]))) return false;
    }
    return this.#run('ninja', ['-C', place, '-j2', ...rooms.map((room) => `test_${room}`)]);
  }

  /**
   * Casts a net: { green, seconds, what } with the first lines that tell what it caught, `late` when
   * it ran out of time.
   */
  async cast(net) {
    const begin = Date.now();
    const ended = (output, what) => ({
      green: output === undefined,
      seconds: Math.round((Date.now() - begin) / 1000),
      ...(what && { what }),
      ...(output && hasOnlyRunOut(output) && { late: true }),
    });
    if (net.files) {
      const { code, output } = await this.#exec(process.execPath, [
        'node_modules/vitest/vitest.mjs',
        ...['run', '--project', net.project ?? 'main', '--bail', mostFailures, ...net.files],
        ...(net.tests ? ['--testNamePattern', net.tests] : []),
      ]);
      if (code === 0 && !/Tests\s+.*\d+ passed/.test(output)) {
        throw new Error(`the net ran no test: ${net.files}`);
      }
      if (code === 0) return ended();
      const test = /(?:FAIL|×)\s+(.*)/.exec(output)?.[1]?.trim();
      const error = /^\s*\w*Error: .*/m.exec(output)?.[0]?.trim();
      return ended(output, [test, error].filter(Boolean).join(': '));
    }
    const launcher = [
      ...(net.fixedAddresses ? fixedAddresses() : []),
      ...(net.settings ? [] : boundedMemory()),
    ];
    for (const room of net.rooms) {
      const program = join(this.directory, 'build', net.build ?? plain.build, `test_${room}`);
      const [command, ...args] = [...launcher, program, '--no-colors=true', '--abort-after=1'];
      const { code, output } = await this.#exec(command, args, net.env, roomMinutes);
      const failed = failedTestCase(output);
      const caught = failed ?? /(?:ERROR|WARNING): .*/.exec(output)?.[0];
      // A hang behind a test that failed does not count as late.
      const shown = failed ?? output;
      if (code !== 0) return ended(shown, `${room}: ${caught ?? `ended with ${code}`}`);
    }
    return ended();
  }

  async #run(command, args) {
    const { code, output } = await this.#exec(command, args);
    if (code !== 0) this.log(output.split('\n').slice(-15).join('\n'));
    return code === 0;
  }

  #exec(command, args, env = {}, minutes = netMinutes) {
    return exec(command, args, {
      cwd: this.directory,
      env,
      timeout: minutes * minute,
      quiet: true,
    });
  }
}
