// Runs one thing for scripts/suites.mjs and counts it: single commands, CMake builds with doctest
// executables, vitest projects. Every result is { passed, failed, skipped, notes }.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { basename, join } from 'node:path';
import { ofThisJob } from './lanes.mjs';
import { hasCommand, root, tool } from './tools.mjs';

const minute = 60_000;

/**
 * Runs a program, keeps what it says, and prints it when it fails (unless `quiet`) or when `show` is
 * set.
 * Resolves with { code, output }; code is not 0 after a timeout or a signal.
 */
export function exec(
  command,
  args,
  { env, timeout = 10 * minute, show = false, quiet = false, cwd = root } = {},
) {
  const { say, nicer } = ofThisJob();
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...(show ? {} : { NO_COLOR: '1' }), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that a timeout ends the children of the child as well.
      detached: true,
    });
    if (nicer > 0 && child.pid !== undefined) makeNicer(child.pid, nicer);
    let output = '';
    const keep = (stream) => (chunk) => {
      output += chunk;
      if (show) say(chunk, stream);
    };
    child.stdout.setEncoding('utf8').on('data', keep(process.stdout));
    child.stderr.setEncoding('utf8').on('data', keep(process.stderr));
    const timer = setTimeout(() => {
      output += `\nstopped after ${timeout / minute} minutes\n`;
      process.kill(-child.pid, 'SIGKILL');
    }, timeout);
    const end = (code) => {
      clearTimeout(timer);
      if (code !== 0 && !show && !quiet) say(output, process.stderr);
      if (code !== 0 && !quiet) {
        say(`failed (${code}): ${[command, ...args].join(' ')}\n`, process.stderr);
      }
      resolve({ code, output });
    };
    child.on('error', (error) => {
      output += `${error.message}\n`;
      end(127);
    });
    child.on('close', (code, signal) => end(code ?? signal));
  });
}

/** The programs that it starts inherit it. */
function makeNicer(pid, by) {
  try {
    setPriority(pid, Math.min(getPriority() + by, constants.priority.PRIORITY_LOW));
  } catch (error) {
    // It has ended already.
    if (error.info?.code !== 'ESRCH') throw error;
  }
}

export const nothing = () => ({ passed: 0, failed: 0, skipped: 0, notes: [] });

export function add(results) {
  const sum = nothing();
  for (const result of results) {
    for (const kind of ['passed', 'failed', 'skipped']) sum[kind] += result[kind];
    sum.notes.push(...result.notes);
  }
  return sum;
}

export const passed = () => ({ ...nothing(), passed: 1 });
export const failed = (note) => ({ ...nothing(), failed: 1, notes: [`failed: ${note}`] });
export const skipped = (note) => ({ ...nothing(), skipped: 1, notes: [`skipped: ${note}`] });

/** A command that counts as one test. */
export async function step(name, command, args, options) {
  const { code } = await exec(command, args, options);
  ofThisJob().say(`${code === 0 ? 'ok' : 'FAILED'}  ${name}\n`);
  return code === 0 ? passed() : failed(name);
}

/** Runs functions that give results, two at a time. */
export async function twoAtATime(jobs) {
  const results = [];
  const queue = [...jobs];
  const worker = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) results.push(await job());
  };
  await Promise.all([worker(), worker()]);
  return add(results);
}

/** Configures and builds CMake in build/<name>; true when it worked. */
export async function cmakeBuild(name, settings, targets = []) {
  const directory = join(root, 'build', name);
  const definitions = Object.entries(settings).map(([key, value]) => `-D${key}=${value}`);
  const configured = await exec('cmake', [
    ...['-S', root, '-B', directory, '-G', 'Ninja'],
    ...definitions,
  ]);
  if (configured.code !== 0) return false;
  const built = await exec('ninja', ['-C', directory, '-j2', ...targets]);
  return built.code === 0;
}

/** The directories of native tests: test/native/<room> and test/<room>, by the name of the room. */
export function nativeTestRooms() {
  return ['test/native', 'test']
    .flatMap((top) => readdirSync(join(root, top), { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((room) => readdirSync(room).some((name) => name.endsWith('.test.cpp')))
    .map((room) => basename(room))
    .sort();
}

/** Where a run leaves what became of each test; nothing of an earlier run is left there. */
function reportPath(name) {
  const directory = join(root, 'build', 'reports');
  const path = join(directory, `${name}.json`);
  mkdirSync(directory, { recursive: true });
  rmSync(path, { force: true });
  return path;
}

/** Runs the doctest executable of one room from build/<name> and counts its test cases. */
async function doctestRoom(name, room, { launcher = [], env }) {
  const begin = Date.now();
  const program = join(root, 'build', name, `test_${room}`);
  const [command, ...args] = [...launcher, program, '--no-colors=true'];
  const report = reportPath(`${name}-${room}`);
  const { code, output } = await exec(command, args, {
    env: { TIDEMARK_TEST_REPORT: report, ...env },
  });
  const match = /test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped/.exec(
    output,
  );
  const [total, good, bad, left] = match ? match.slice(1).map(Number) : [0, 0, 0, 0];
  const result = { passed: good, failed: bad, skipped: left, notes: [] };
  // A sanitizer's report, a crash or a timeout ends the program without a failed test case.
  if ((code !== 0 && bad === 0) || total === 0) result.failed += 1;
  if (result.failed > 0) result.notes.push(`failed: ${name} ${room}`);
  if (left > 0) result.notes.push(`skipped: ${left} test cases of ${name} ${room} by decorator`);
  const time = ((Date.now() - begin) / 1000).toFixed(1);
  const verdict = result.failed === 0 ? 'ok' : 'FAILED';
  ofThisJob().say(`${verdict}  ${room}: ${total} test cases, ${time} s\n`);
  return result;
}

/** The rooms that take longest begin first, so that none of them runs alone in the end. */
const longest = ['crash', 'fault', 'journal', 'bytes'];

/** Runs the doctest executables of these rooms, two at a time. */
export async function doctest(name, rooms, options = {}) {
  if (rooms.length === 0) return failed(`${name} (no native tests were found)`);
  const inOrder = [
    ...longest.filter((room) => rooms.includes(room)),
    ...rooms.filter((room) => !longest.includes(room)),
  ];
  return twoAtATime(inOrder.map((room) => () => doctestRoom(name, room, options)));
}

/** What runs a program without address randomisation, which TSan of clang 14 cannot bear. */
export function fixedAddresses() {
  return hasCommand('setarch') ? ['setarch', '-R'] : [];
}

/** Runs one project of vitest.config.mts and counts its tests. */
export async function vitest(project) {
  const report = reportPath(`vitest-${project}`);
  const [command, script] = tool('vitest', 'vitest/vitest.mjs');
  const { code } = await exec(
    command,
    [
      ...[script, 'run', '--project', project],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ],
    { show: true },
  );
  if (!existsSync(report)) return failed(`vitest ${project} (no report)`);
  const files = JSON.parse(readFileSync(report, 'utf8')).testResults;
  const result = nothing();
  for (const file of files) {
    const path = file.name.slice(root.length + 1);
    for (const test of file.assertionResults) {
      if (test.status === 'passed') result.passed += 1;
      else if (test.status === 'failed') {
        result.failed += 1;
        result.notes.push(`failed: ${path}: ${test.fullName}`);
      } else {
        result.skipped += 1;
        result.notes.push(`skipped: ${path}: ${test.fullName}`);
      }
    }
    // A file that could not even be loaded has no tests to count.
    if (file.status === 'failed' && !file.assertionResults.some((t) => t.status === 'failed')) {
      result.failed += 1;
      result.notes.push(`failed: ${path}: ${file.message.split('\n', 1)[0]}`);
    }
  }
  if (code !== 0 && result.failed === 0) {
    result.failed += 1;
    result.notes.push(`failed: vitest ${project} exited with ${code} beside its tests`);
  }
  if (result.passed + result.failed === 0) return failed(`vitest ${project} (nothing ran)`);
  return result;
}
