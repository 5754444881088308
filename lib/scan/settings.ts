// The settings of a scan as a TOML file, with the names that scanstate's users know.

import type * as Toml from 'smol-toml' with { 'resolution-mode': 'import' };
import { checkPath, nearest, typeError } from '../arguments';
import { readFile } from '../durable/read-file';
import { writeFileAtomic } from '../durable/write-file-atomic';
import { TidemarkError } from '../errors';
import type { Durability } from '../journal/options';

// Its types are those of its ES module; CommonJS gets the same names.
const { parse, stringify } = require('smol-toml') as typeof Toml;

/** Everything that a scan is told by its user; every field has an effect. */
export interface ScanSettings {
  /** Which scan it is; the directory of another one is `ERR_TIDEMARK_MISMATCH`. */
  scan_id: string;
  /** Directory of the checkpoints; without `journal_path` also of the journal. */
  checkpoint_path: string;
  /** Directory of the journal. Default: inside of `checkpoint_path`. */
  journal_path?: string;
  /** How many targets there are. Default: as it was; unknown in a new scan. */
  total_targets?: number;
  /** false: a checkpoint is left to the operating system to write, the records before it are kept. */
  sync_checkpoint: boolean;
  /** 0: a mark is on stable storage when its promise resolves; n: at the latest n seconds later. */
  flush_interval_secs: number;
}

type Key = keyof ScanSettings;

interface Field {
  readonly wanted: string;
  readonly required: boolean;
  fits(value: unknown): boolean;
}

const mostIntervalSecs = 3600; // of the journal
const isPath = (value: unknown) =>
  typeof value === 'string' && value !== '' && !value.includes('\0');
const isCountTo = (most: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;

/** In the order in which `toToml` writes them. */
const fields: Readonly<Record<Key, Field>> = {
  scan_id: {
    wanted: 'a string that is not empty',
    required: true,
    fits: (value) => typeof value === 'string' && value !== '',
  },
  checkpoint_path: { wanted: 'a path', required: true, fits: isPath },
  journal_path: { wanted: 'a path', required: false, fits: isPath },
  total_targets: {
    wanted: 'a whole number, 0 or more',
    required: false,
    fits: isCountTo(Number.MAX_SAFE_INTEGER),
  },
  sync_checkpoint: {
    wanted: 'true or false',
    required: true,
    fits: (value) => typeof value === 'boolean',
  },
  flush_interval_secs: {
    wanted: `a whole number of seconds, 0 to ${mostIntervalSecs}`,
    required: true,
    fits: isCountTo(mostIntervalSecs),
  },
};
const keys = Object.keys(fields) as Key[];

interface Place {
  line: number;
  column: number;
}

/** Where a text says something; both count from 1. */
function configError(message: string, place: Place | undefined, path?: string, cause?: unknown) {
  const where = place === undefined ? '' : ` (line ${place.line}, column ${place.column})`;
  return new TidemarkError('ERR_TIDEMARK_CONFIG', `the settings${where}: ${message}`, {
    ...place,
    ...(path !== undefined && { path }),
    ...(cause !== undefined && { cause }),
  });
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/**
 * Where a key of the top level stands. The shortest beginning of the text in which it is set ends with
 * its line, or with the last line of its value: found by parsing beginnings, so that what looks like
 * the key inside of a string is not taken for it.
 */
function placeOf(text: string, key: string): Place | undefined {
  const name = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const mentions = new RegExp(
    `^[ \\t]*(?:\\[+[ \\t]*)?(?:${name}|"${name}"|'${name}')[ \\t]*[=.\\]]`,
    'gm',
  );
  for (const match of text.matchAll(mentions)) {
    const start = match.index + match[0].length - match[0].trimStart().length;
    try {
      if (key in parse(text.slice(0, match.index))) continue;
      return placeAt(text, start);
    } catch {
      // In the middle of a value: it is no key there.
    }
  }
  return undefined;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : 'a table';
}

/** Checks what a table says; `place` names where a key stands in the text, `end` where that ends. */
function check(
  table: Readonly<Record<string, unknown>>,
  place: (key: string) => Place | undefined,
  end: Place | undefined,
  path?: string,
): ScanSettings {
  for (const key of Object.keys(table)) {
    if (key in fields) continue;
    const hint = `"${key}" is not known; the nearest is "${nearest(key, keys)}"`;
    throw configError(hint, place(key), path);
  }
  const settings: Partial<Record<Key, unknown>> = {};
  for (const key of keys) {
    const { wanted, required, fits } = fields[key];
    const value = table[key];
    if (value === undefined) {
      if (required) throw configError(`"${key}" is missing: add it, ${wanted}`, end, path);
      continue;
    }
    if (!fits(value)) {
      throw configError(`"${key}" must be ${wanted}, not ${shown(value)}`, place(key), path);
    }
    settings[key] = value;
  }
  return settings as unknown as ScanSettings;
}

/** Checks settings that are an object. */
export function checkSettings(settings: unknown): ScanSettings {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw configError('they must be an object or a TOML file', undefined);
  }
  return check(settings as Record<string, unknown>, () => undefined, undefined);
}

function parseSettings(text: string, path?: string): ScanSettings {
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (error) {
    const { line, column, message } = error as Toml.TomlError;
    const [sentence = message] = message.replace(/^Invalid TOML document: /, '').split('\n');
    throw configError(`no valid TOML: ${sentence}`, { line, column }, path, error);
  }
  return check(table, (key) => placeOf(text, key), placeAt(text, text.length), path);
}

/**
 * Settings from the text of a TOML file.
 *
 * @throws `ERR_TIDEMARK_CONFIG` with `line` and `column`, both from 1, where the text is to blame.
 */
function fromToml(text: string): ScanSettings {
  if (typeof text !== 'string') throw typeError('text', 'a string', text);
  return parseSettings(text);
}

/** The text of a TOML file with these settings. */
function toToml(settings: ScanSettings): string {
  return `${stringify(checkSettings(settings)).trimEnd()}\n`;
}

/** Settings from a TOML file. Rejects like `fromToml`, with `path`; `ERR_TIDEMARK_IO` where it cannot be read. */
async function load(path: string): Promise<ScanSettings> {
  const file = checkPath('path', path);
  return parseSettings((await readFile(file)).toString('utf8'), file);
}

/** Replaces a TOML file with these settings, or makes it; durable when it resolves. */
async function save(settings: ScanSettings, path: string): Promise<void> {
  await writeFileAtomic(path, toToml(settings));
}

/** Reads and writes {@link ScanSettings}. */
export const ScanSettings = { fromToml, toToml, load, save } as const;

/** What the settings mean for the journal. */
export function durabilityOf({ flush_interval_secs: seconds }: ScanSettings): Durability {
  return seconds === 0 ? 'commit' : { intervalMs: seconds * 1000 };
}
