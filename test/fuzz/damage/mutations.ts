// Damage drawn from a seed: bits, bytes, sectors, blocks and whole files.
import type { Random } from './random.ts';
import type { Files, Specimen } from './specimens.ts';

const sector = 512;
const block = 4096;
const sizes = [8, 64, sector, sector, block, block, 2 * block];

/** Up to the last byte that is not zero. */
function usedBytes(file: Uint8Array): number {
  let end = file.length;
  while (end > 0 && file[end - 1] === 0) end -= 1;
  return end;
}

const segmentsOf = (files: Files) =>
  [...files.keys()].filter((name) => name.startsWith('segment-'));
const nameOf = (id: number) => `segment-${id.toString(16).padStart(16, '0')}.tide`;
const idOf = (name: string) => Number.parseInt(name.slice('segment-'.length), 16);

class Mutation {
  readonly files: Files;
  readonly what: string[] = [];
  readonly #random: Random;
  readonly #specimen: Specimen;
  readonly #other: Specimen;

  constructor(random: Random, specimen: Specimen, other: Specimen) {
    this.#random = random;
    this.#specimen = specimen;
    this.#other = other;
    this.files = new Map(specimen.files);
  }

  apply(): void {
    const [name, change] = this.#random.of(changes);
    change(this);
    this.what.push(name);
  }

  #file(): string {
    return this.#random.of([...this.files.keys()]);
  }

  #bytes(name: string): Uint8Array {
    return this.files.get(name) ?? new Uint8Array();
  }

  /** A copy of the file, to be changed. */
  #own(name: string): Uint8Array {
    const copy = this.#bytes(name).slice();
    this.files.set(name, copy);
    return copy;
  }

  /** Mostly where something stands. */
  #offset(bytes: Uint8Array, unit = 1): number {
    const end = this.#random.oneIn(8) ? bytes.length : usedBytes(bytes);
    return Math.floor(this.#random.below(Math.max(end, 1)) / unit) * unit;
  }

  flip(): void {
    const bytes = this.#own(this.#file());
    if (bytes.length === 0) return;
    const at = this.#offset(bytes);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << this.#random.below(8));
  }

  garble(): void {
    const bytes = this.#own(this.#file());
    const size = this.#random.of(sizes);
    const at = this.#offset(bytes, Math.min(size, sector));
    const same = this.#random.oneIn(4) ? this.#random.below(256) : undefined;
    for (let index = at; index < Math.min(at + size, bytes.length); index += 1) {
      bytes[index] = same ?? this.#random.below(256);
    }
  }

  zero(): void {
    const bytes = this.#own(this.#file());
    const size = this.#random.of(sizes);
    const at = this.#offset(bytes, Math.min(size, sector));
    bytes.fill(0, at, at + size);
  }

  /** A range of zeros from anywhere to anywhere, as a short write leaves it. */
  wipe(): void {
    const bytes = this.#own(this.#file());
    const at = this.#offset(bytes);
    bytes.fill(0, at, this.#random.oneIn(2) ? undefined : at + this.#random.below(3 * block));
  }

  truncate(): void {
    const name = this.#file();
    const bytes = this.#bytes(name);
    const end = this.#offset(bytes, this.#random.of([1, 8, sector, block]));
    this.files.set(name, bytes.slice(0, end));
  }

  extend(): void {
    const name = this.#file();
    const bytes = this.#bytes(name);
    const longer = new Uint8Array(bytes.length + 1 + this.#random.below(2 * block));
    longer.set(bytes);
    if (this.#random.oneIn(2)) longer[bytes.length + this.#random.below(64)] = 0x5a;
    this.files.set(name, longer);
  }

  /** A block of the journal at another place of it. */
  move(): void {
    const from = this.#bytes(this.#file());
    const size = this.#random.of(sizes);
    const unit = Math.min(size, sector);
    const part = from.slice(this.#offset(from, unit)).slice(0, size);
    const into = this.#own(this.#file());
    const at = this.#offset(into, unit);
    into.set(part.subarray(0, Math.max(0, into.length - at)), at);
  }

  swap(): void {
    const size = this.#random.of([sector, block]);
    const [first, second] = [this.#file(), this.#file()];
    const a = this.#own(first);
    const b = this.#own(second);
    const [at, to] = [this.#offset(a, size), this.#offset(b, size)];
    const [left, right] = [a.slice(at, at + size), b.slice(to, to + size)];
    if (left.length !== size || right.length !== size) return;
    a.set(right, at);
    b.set(left, to);
  }

  /** What another journal of the same shape has, at the same place or at any. */
  foreign(): void {
    const name = this.#file();
    const theirs = this.#other.files.get(name) ?? this.#random.of([...this.#other.files.values()]);
    if (this.#random.oneIn(8)) {
      this.files.set(name, theirs);
      return;
    }
    const size = this.#random.of(sizes);
    const unit = Math.min(size, sector);
    const into = this.#own(name);
    const at = this.#offset(into, unit);
    const from = this.#random.oneIn(2) ? at : this.#offset(theirs, unit);
    const part = theirs.subarray(from, from + size);
    into.set(part.subarray(0, Math.max(0, into.length - at)), at);
  }

  /** What once stood there. */
  stale(): void {
    const { history } = this.#specimen;
    const name = this.#file();
    const old = this.#random.of(history).get(name);
    if (old === undefined) return;
    if (this.#random.oneIn(4)) {
      this.files.set(name, old);
      return;
    }
    const size = this.#random.of([sector, block]);
    const into = this.#own(name);
    const at = this.#offset(into, size);
    into.set(old.subarray(at, Math.min(at + size, into.length)), at);
  }

  remove(): void {
    this.files.delete(this.#file());
  }

  rename(): void {
    const names = segmentsOf(this.files);
    if (names.length === 0) return;
    const [from, to] = [this.#random.of(names), this.#random.of(names)];
    const [one, other] = [this.#bytes(from), this.#bytes(to)];
    if (this.#random.oneIn(2)) {
      this.files.set(from, other);
      this.files.set(to, one);
    } else {
      this.files.delete(from);
      this.files.set(nameOf(1 + this.#random.below(14)), one);
    }
  }

  duplicate(): void {
    const names = segmentsOf(this.files);
    if (names.length === 0) return;
    const from = this.#random.of(names);
    const last = Math.max(...names.map(idOf));
    const id = this.#random.oneIn(2) ? last + 1 : 1 + this.#random.below(last + 2);
    this.files.set(nameOf(id), this.#bytes(from));
  }

  /** A file that nobody needs, or a creation that was cut. */
  spare(): void {
    const names = segmentsOf(this.files);
    const last = Math.max(0, ...names.map(idOf));
    const bytes = new Uint8Array(this.#random.of([0, 4096, 8192, 65_536]));
    if (this.#random.oneIn(3) && bytes.length > 0) bytes[this.#random.below(bytes.length)] = 1;
    this.files.set(nameOf(last + 1 + this.#random.below(2)), bytes);
  }
}

const changes: readonly [string, (mutation: Mutation) => void][] = [
  ['flip', (mutation) => mutation.flip()],
  ['flip', (mutation) => mutation.flip()],
  ['garble', (mutation) => mutation.garble()],
  ['zero', (mutation) => mutation.zero()],
  ['zero', (mutation) => mutation.zero()],
  ['wipe', (mutation) => mutation.wipe()],
  ['truncate', (mutation) => mutation.truncate()],
  ['extend', (mutation) => mutation.extend()],
  ['move', (mutation) => mutation.move()],
  ['swap', (mutation) => mutation.swap()],
  ['foreign', (mutation) => mutation.foreign()],
  ['stale', (mutation) => mutation.stale()],
  ['remove', (mutation) => mutation.remove()],
  ['rename', (mutation) => mutation.rename()],
  ['duplicate', (mutation) => mutation.duplicate()],
  ['spare', (mutation) => mutation.spare()],
];

/** One to three changes; most cases have one. */
export function damage(random: Random, specimen: Specimen, other: Specimen) {
  const mutation = new Mutation(random, specimen, other);
  const count = random.oneIn(3) ? 2 + random.below(2) : 1;
  for (let turn = 0; turn < count && mutation.files.size > 0; turn += 1) mutation.apply();
  return { files: mutation.files, what: mutation.what };
}
