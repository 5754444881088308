// A scan that a command only reads, and what is said where there is none.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readScan, type ScanView, scanName } from '../scan/reading';
import { isMissing, missingError } from './exit';

export async function readScanIn(directory: string, journal?: string): Promise<ScanView> {
  try {
    return await readScan(directory, journal);
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (!(await isThere(join(directory, scanName)))) {
      throw missingError(`There is no scan in ${directory}.`, error);
    }
    const message =
      journal === undefined
        ? `The journal of the scan in ${directory} is not in it: name it with --journal, the ` +
          'journal_path of its settings.'
        : `There is no journal in ${journal}.`;
    throw missingError(message, error);
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
