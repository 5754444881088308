// Where the demonstration kills its writer: drawn before anything runs, from a seed that is printed.

import { createHash } from 'node:crypto';

/** Fewer kills than this are a small tree's. */
export const usualKills = 7;
export const leastKills = 5;
/** A tree with fewer files is small: its writer could be done before a kill arrives. */
export const smallTree = 1000;

const filesPerKillInSmallTree = 200;
const leastFilesForAKill = 50;
/** The writer is killed in this part of the work: what is behind it is room for the last kill. */
const firstShare = 0.04;
const lastShare = 0.7;

/** Numbers in [0, 1), the same for the same seed: SHA-256 in counter mode. */
export class Random {
  readonly #seed: string;
  #counter = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  next(): number {
    const block = createHash('sha256').update(`${this.#seed}:${this.#counter}`).digest();
    this.#counter += 1;
    return block.readUInt32LE(0) / 2 ** 32;
  }

  /** `size` different elements, or all when there are fewer. */
  sample<T>(elements: readonly T[], size: number): T[] {
    const pool = [...elements];
    const taken: T[] = [];
    while (taken.length < size && pool.length > 0) {
      const index = Math.floor(this.next() * pool.length);
      const [element] = pool.splice(index, 1, pool[pool.length - 1] as T);
      pool.pop();
      taken.push(element as T);
    }
    return taken;
  }
}

export function killsFor(files: number): number {
  if (files >= smallTree) return usualKills;
  if (files < leastFilesForAKill) return 0;
  return Math.max(1, Math.floor(files / filesPerKillInSmallTree));
}

/** Record counts, ascending, one in each of `kills` equal parts of the work. */
export function killPoints(files: number, kills: number, random: Random): number[] {
  const from = files * firstShare;
  const part = (files * (lastShare - firstShare)) / Math.max(1, kills);
  const points: number[] = [];
  for (let index = 0; index < kills; index += 1) {
    const drawn = Math.floor(from + part * (index + random.next()));
    points.push(Math.max(drawn, (points[points.length - 1] ?? 0) + 1));
  }
  return points;
}
