// The files of a directory tree, in an order that does not change between walks.

import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

export interface Walk {
  /** Regular files, as paths below the root, with "/" between the parts. */
  readonly files: string[];
  readonly bytes: number;
  /** Directories that could not be listed, and names that are not UTF-8. */
  readonly leftOut: number;
  /** There were more files than the bounds allow. */
  readonly bounded: boolean;
}

export interface Bounds {
  readonly files: number;
  readonly bytes: number;
}

/** What a name that is not UTF-8 is shown as: such a file cannot be found again by its name. */
const replacement = '\ufffd';

/** Symbolic links are not followed; `excluded` is a directory that is not looked into. */
export function* walk(
  root: string,
  excluded: string,
  onLeftOut = (): void => {},
): Generator<string> {
  const stack = [''];
  while (stack.length > 0) {
    const below = stack.pop() ?? '';
    const directory = join(root, below);
    if (directory === excluded) continue;
    let entries: import('node:fs').Dirent[];
    try {
      entries = readdirSync(directory, { withFileTypes: true });
    } catch {
      onLeftOut();
      continue;
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    const directories: string[] = [];
    for (const entry of entries) {
      if (entry.name.includes(replacement)) {
        onLeftOut();
        continue;
      }
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) directories.push(path);
      else if (entry.isFile()) yield path;
    }
    stack.push(...directories.reverse());
  }
}

/** Walks once and measures, up to the bounds. */
export function survey(root: string, excluded: string, bounds: Bounds): Walk {
  const files: string[] = [];
  let bytes = 0;
  let leftOut = 0;
  let bounded = false;
  for (const path of walk(root, excluded, () => {
    leftOut += 1;
  })) {
    const size = lstatSync(join(root, path), { throwIfNoEntry: false })?.size ?? 0;
    if (files.length >= bounds.files || (files.length > 0 && bytes + size > bounds.bytes)) {
      bounded = true;
      break;
    }
    files.push(path);
    bytes += size;
  }
  return { files, bytes, leftOut, bounded };
}

export function exists(root: string, path: string): boolean {
  return lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile() === true;
}

export function canonical(directory: string): string {
  return realpathSync(directory);
}
