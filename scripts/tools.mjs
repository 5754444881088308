// What the scripts share: the root, running a program, finding the tools and Node's headers.
// Only Node's own modules: the scripts run before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

export const root = dirname(import.meta.dirname);

/**
 * Runs a program in the root, with all it says on standard error; ends this process with the
 * program's exit code when it fails.
 */
export function run(command, ...args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    console.error(`failed (${result.status ?? result.signal}): ${[command, ...args].join(' ')}`);
    process.exit(result.status ?? 1);
  }
}

/** The command line that starts a tool from node_modules without a shell. */
export function tool(name, script) {
  const path = join(root, 'node_modules', script);
  if (!existsSync(path)) throw new Error(`${name} is not installed; type: npm ci`);
  return [process.execPath, path];
}

/** The command line of npm: the one that started us, or the one beside node, or of the PATH. */
export function npmCommand() {
  const candidates = [
    process.env.npm_execpath,
    join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
  ];
  const found = candidates.find((path) => path?.endsWith('npm-cli.js') && existsSync(path));
  return found ? [process.execPath, found] : ['npm'];
}

/**
 * The prefix whose include/node holds the headers of exactly this Node, or undefined: node-gyp
 * then downloads them.
 */
export function headersDirectory() {
  const configured = process.env.npm_config_nodedir;
  if (configured) return configured;
  const [major, minor, patch] = process.versions.node.split('.');
  return [join(dirname(process.execPath), '..'), '/usr', '/usr/local'].find((prefix) => {
    const header = join(prefix, 'include', 'node', 'node_version.h');
    if (!existsSync(header)) return false;
    const text = readFileSync(header, 'utf8');
    const value = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
    return value('MAJOR') === major && value('MINOR') === minor && value('PATCH') === patch;
  });
}

/** Whether a program is on the PATH. */
export function hasCommand(name) {
  const directories = (process.env.PATH ?? '').split(delimiter);
  return directories.some((directory) => directory && existsSync(join(directory, name)));
}

/** All C++ files of ours: native/ and its tests, relative to the root. */
export function nativeFiles() {
  return ['native', 'test', 'bench']
    .flatMap((top) => readdirSync(join(root, top), { recursive: true }).map((n) => join(top, n)))
    .filter((name) => /\.(cpp|hpp|h)$/.test(name) && !/(^|[\\/])node_modules[\\/]/.test(name))
    .sort();
}

/** Whether node_modules holds what package-lock.json asks for. */
export function isInstalled() {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  try {
    const wanted = read('package-lock.json');
    const present = read('node_modules/.package-lock.json');
    return Object.entries(wanted).every(
      ([path, entry]) => path === '' || entry.optional || present[path]?.version === entry.version,
    );
  } catch {
    return false;
  }
}

/** `npm ci` where node_modules is missing or outdated. */
export function install() {
  if (isInstalled()) return;
  console.error('installing the packages of package-lock.json (npm ci)');
  run(...npmCommand(), 'ci', '--no-audit', '--no-fund');
}
