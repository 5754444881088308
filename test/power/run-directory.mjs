// Where a run has its images: removed with them when it is over, but for the one to go on from.
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export async function inRunDirectory(base, body) {
  const directory = mkdtempSync(join(base, 'run-'));
  try {
    return await body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Moves an image out of the directory of its run, in place of the one that was kept before. */
export function keepImage(image, base) {
  const kept = join(base, 'go-on-from');
  renameSync(image, kept);
  return kept;
}
