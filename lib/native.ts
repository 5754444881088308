// Finds and loads the addon. The only file of lib/ that may do so; everything else calls
// `native()`. It needs no install script: the binary is looked for at run time, in this order:
//   1. the file that TIDEMARK_NATIVE_PATH names (nothing else is then tried)
//   2. build/Release, which `npm run build` makes in a checkout
//   3. prebuilds/<platform>-<arch>, which the published package carries

import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { NativeBinding } from './binding';
import { TidemarkError } from './errors';

const packageRoot = join(__dirname, '..');
const packageVersion = (require('../package.json') as { version: string }).version;

type Libc = 'glibc' | 'musl';
const libcTags: readonly string[] = ['glibc', 'musl'] satisfies Libc[];

/** The C library of this process; undefined off Linux. */
function currentLibc(): Libc | undefined {
  if (process.platform !== 'linux') return undefined;
  // The types of Node 20 do not know excludeNetwork yet. Without it the report looks up the names
  // of all open sockets, which can take seconds.
  const report = process.report as
    | (NodeJS.ProcessReport & { excludeNetwork?: boolean })
    | undefined;
  if (report === undefined) return 'glibc';
  const before = report.excludeNetwork;
  try {
    report.excludeNetwork = true;
    const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
    return header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  } finally {
    if (before !== undefined) report.excludeNetwork = before;
  }
}

interface Attempt {
  path: string;
  cause: unknown;
}

function prebuiltFiles(attempts: Attempt[]): string[] {
  const directory = join(packageRoot, 'prebuilds', `${process.platform}-${process.arch}`);
  let names: string[];
  try {
    names = readdirSync(directory)
      .filter((name) => name.endsWith('.node'))
      .sort();
  } catch (cause) {
    attempts.push({ path: directory, cause });
    return [];
  }
  const libc = currentLibc();
  const fitting = names.filter((name) => {
    const tags = name.split('.').filter((part) => libcTags.includes(part));
    return tags.length === 0 || libc === undefined || tags.includes(libc);
  });
  if (fitting.length === 0) {
    const cause = new Error(`no binary for ${libc ?? 'this system'} among: ${names.join(', ')}`);
    attempts.push({ path: directory, cause });
  }
  return fitting.map((name) => join(directory, name));
}

function load(): NativeBinding {
  const attempts: Attempt[] = [];
  const override = process.env['TIDEMARK_NATIVE_PATH'];
  const development = join(packageRoot, 'build', 'Release', 'tidemark.node');

  for (const path of override ? [resolve(override)] : [development]) {
    const binding = tryLoad(path, attempts);
    if (binding !== undefined) return binding;
  }
  if (!override) {
    for (const path of prebuiltFiles(attempts)) {
      const binding = tryLoad(path, attempts);
      if (binding !== undefined) return binding;
    }
  }
  throw loadError(attempts, override);
}

function tryLoad(path: string, attempts: Attempt[]): NativeBinding | undefined {
  let binding: Partial<NativeBinding>;
  try {
    // `require` would run any other file as JavaScript.
    if (!path.endsWith('.node')) throw new Error('not a .node file');
    binding = require(path) as Partial<NativeBinding>;
  } catch (cause) {
    attempts.push({ path, cause });
    return undefined;
  }
  if (binding.version !== packageVersion) {
    const cause = new Error(
      `the binary is of version ${String(binding.version)}, the package of ${packageVersion}`,
    );
    attempts.push({ path, cause });
    return undefined;
  }
  return binding as NativeBinding;
}

/** "Not there" says less than any other cause: a file that is there and fails comes first. */
function isAbsent({ cause }: Attempt): boolean {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return code === 'MODULE_NOT_FOUND' || code === 'ENOENT';
}

function loadError(attempts: readonly Attempt[], override: string | undefined): TidemarkError {
  const system = `${process.platform}-${process.arch}`;
  const present = attempts.find((attempt) => !isAbsent(attempt));
  const tried = attempts.map(({ path, cause }) => `  ${path}: ${firstLine(cause)}`).join('\n');
  const advice = override
    ? 'Unset TIDEMARK_NATIVE_PATH, or let it name a tidemark.node of this version.'
    : present
      ? `Reinstall with "npm install tidemark@${packageVersion}"; in a checkout type "npm run build".`
      : `This package carries no binary for ${system}. ` +
        'In a checkout type "npm run build"; elsewhere build one in a checkout of tidemark ' +
        `${packageVersion} and let TIDEMARK_NATIVE_PATH name build/Release/tidemark.node.`;
  return new TidemarkError(
    'ERR_TIDEMARK_NATIVE_LOAD',
    `The native part of tidemark could not be loaded. ${advice}\nTried:\n${tried}`,
    { path: (present ?? attempts[0])?.path ?? packageRoot, cause: (present ?? attempts[0])?.cause },
  );
}

function firstLine(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.split('\n', 1)[0] ?? '';
}

let loaded: NativeBinding | undefined;

/** The addon; loaded at the first call. Throws `ERR_TIDEMARK_NATIVE_LOAD`, and tries again then. */
export function native(): NativeBinding {
  loaded ??= load();
  return loaded;
}
