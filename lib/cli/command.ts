// What the commands share with main.ts: the parser of their arguments, and parsers of option values.

import { type Command, InvalidArgumentError } from 'commander';
import type { Io } from './output';

/** Adds one command to the program. Its action resolves with the exit code. */
export type Register = (program: Command, run: Runner) => void;

/** Runs an action and keeps its exit code for main.ts. */
export type Runner = (action: (io: Io) => Promise<number>) => Promise<void>;

export function parseSeq(text: string): number {
  return parseWhole(text, 1, Number.MAX_SAFE_INTEGER);
}

export function parseCount(text: string): number {
  return parseWhole(text, 0, Number.MAX_SAFE_INTEGER);
}

export function parsePositive(text: string): number {
  return parseWhole(text, 1, Number.MAX_SAFE_INTEGER);
}

function parseWhole(text: string, minimum: number, maximum: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= minimum && value <= maximum)) {
    throw new InvalidArgumentError(`It must be a whole number from ${minimum} up.`);
  }
  return value;
}

const sizeUnits: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Bytes, or with a unit: 65536, 64K, 64KiB, 1M, 2g. */
export function parseSize(text: string): number {
  const match = /^(\d+)(?:([kmg])(?:i?b)?)?$/i.exec(text);
  const value = Number(match?.[1]) * (sizeUnits[(match?.[2] ?? '').toLowerCase()] ?? Number.NaN);
  if (!Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a number of bytes, such as 65536, 64K or 1M.');
  }
  return value;
}
