// Guards decoding against bytes that no encoder wrote. The decoder makes room for as many elements as
// an array's header claims, before it has seen one: five bytes could ask for 128 MiB, and arrays inside
// of arrays for all the memory there is. Every element has one byte at least, so the claims of a record
// that is one never add up to more than the bytes that follow.

const array16 = 0xdc;
const array32 = 0xdd;
const mostStructureIds = 0x40;

/** A record structure, as the decoder keeps it: its names, and the second byte of its id, if any. */
interface Structure {
  readonly length: number;
  readonly highByte?: number;
}
/** By id; ids with a second byte may be negative. */
export type KnownStructures = Readonly<Record<number, Structure>>;

const idOf = (first: number, high: number) =>
  first < mostStructureIds / 2 ? -(first + (high << 5)) : first + (high << 5);

/** Extensions that take the value behind them: RegExp, Error, Set, a value with an id, bundled strings. */
const takesNext = new Set([0x78, 0x65, 0x73, 0x69, 0x62]);

/** Walks one value as the decoder does, without making anything. */
class Walk {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #known: KnownStructures;
  readonly #structures = new Map<number, Structure>();
  #at: number;
  /** Elements that arrays in front have claimed and that were not met yet. */
  #owed = 0;

  constructor(bytes: Buffer, start: number, end: number, known: KnownStructures) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#known = known;
  }

  value(): void {
    const token = this.#byte();
    if (token < 0x40 || token >= 0xe0) return;
    if (token < 0x80) this.#reference(token & 0x3f);
    else if (token < 0x90) this.#values(2 * (token & 0x0f));
    else if (token < 0xa0) this.#array(token & 0x0f);
    else if (token < 0xc0) this.#at += token & 0x1f;
    else this.#long(token);
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new RangeError('the value ends too early');
    return this.#bytes[this.#at++] as number;
  }

  #number(bytes: 1 | 2 | 4): number {
    let number = 0;
    for (let index = 0; index < bytes; index++) number = number * 0x100 + this.#byte();
    return number;
  }

  #skip(bytes: number): void {
    this.#at += bytes;
  }

  #values(count: number): void {
    for (let index = 0; index < count; index++) this.value();
  }

  #array(count: number): void {
    this.#owed += count;
    if (this.#owed > this.#end - this.#at) {
      throw new RangeError(`an array claims ${count} elements, more than bytes follow`);
    }
    for (let index = 0; index < count; index++) {
      this.#owed -= 1;
      this.value();
    }
  }

  #long(token: number): void {
    if (token >= 0xc4 && token <= 0xc6) this.#skip(this.#number(sizeAt(token - 0xc4)));
    else if (token >= 0xc7 && token <= 0xc9) this.#extension(this.#number(sizeAt(token - 0xc7)));
    else if (token >= 0xca && token <= 0xcb) this.#at += token === 0xca ? 4 : 8;
    else if (token >= 0xcc && token <= 0xcf) this.#at += 1 << (token - 0xcc);
    else if (token >= 0xd0 && token <= 0xd3) this.#at += 1 << (token - 0xd0);
    else if (token >= 0xd4 && token <= 0xd8) this.#fixedExtension(1 << (token - 0xd4));
    else if (token >= 0xd9 && token <= 0xdb) this.#skip(this.#number(sizeAt(token - 0xd9)));
    else if (token === array16) this.#array(this.#number(2));
    else if (token === array32) this.#array(this.#number(4));
    else if (token === 0xde) this.#values(2 * this.#number(2));
    else if (token === 0xdf) this.#values(2 * this.#number(4));
  }

  #fixedExtension(size: number): void {
    if (size > 2 || this.#bytes[this.#at] !== 0x72) {
      this.#extension(size);
      return;
    }
    this.#at += 1;
    const id = this.#byte() & 0x3f;
    this.#definition(id, size === 2 ? this.#byte() : undefined);
  }

  #extension(size: number): void {
    const type = this.#byte();
    this.#at += size;
    if (takesNext.has(type)) this.value();
  }

  /** The names of the fields, as an array, then one value of that structure. */
  #definition(first: number, highByte: number | undefined): void {
    const at = this.#at;
    this.value();
    const behind = this.#at;
    this.#at = at;
    const length = this.#claim();
    this.#at = behind;
    const id = highByte === undefined ? first : idOf(first, highByte);
    this.#structures.set(id, { length, ...(highByte !== undefined && { highByte }) });
    this.#values(length);
  }

  /** What the header of an array claims; 0 where something else stands, which the decoder refuses. */
  #claim(): number {
    const token = this.#byte();
    if (token >= 0x90 && token < 0xa0) return token & 0x0f;
    return token === array16 ? this.#number(2) : token === array32 ? this.#number(4) : 0;
  }

  #structure(id: number): Structure | undefined {
    return this.#structures.get(id) ?? this.#known[id];
  }

  #reference(first: number): void {
    const structure = this.#structure(first);
    if (structure === undefined) return; // a small integer
    const high = structure.highByte === 0 ? this.#byte() : 0;
    const meant = high === 0 ? structure : this.#structure(idOf(first, high));
    this.#values(meant?.length ?? 0);
  }
}

const sizeAt = (step: number): 1 | 2 | 4 => (step === 0 ? 1 : step === 1 ? 2 : 4);

/** Whether a byte could be the header of an array that claims more than what follows. */
function claimsTooMuch(bytes: Buffer, at: number, end: number): boolean {
  const size = bytes[at] === array16 ? 2 : 4;
  const behind = at + 1 + size;
  return behind > end || bytes.readUIntBE(at + 1, size) > end - behind;
}

/** Longer ones are looked through by the system's own search. */
const shortBytes = 256;

function isSuspicious(bytes: Buffer, start: number, end: number): boolean {
  if (end - start <= shortBytes) {
    for (let at = start; at < end; at++) {
      if (((bytes[at] as number) | 1) === array32 && claimsTooMuch(bytes, at, end)) return true;
    }
    return false;
  }
  const part = bytes.subarray(start, end);
  for (const token of [array16, array32]) {
    for (let at = part.indexOf(token); at >= 0; at = part.indexOf(token, at + 1)) {
      if (claimsTooMuch(part, at, part.length)) return true;
    }
  }
  return false;
}

/** Finds the bytes that could be such headers in records that stand one behind the other: few have one. */
export class ClaimSearch {
  readonly #bytes: Buffer;
  #next16 = -1;
  #next32 = -1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Whether there is one. Each `start` is at or behind that of the call before. */
  isWithin(start: number, end: number): boolean {
    if (this.#next16 < start) this.#next16 = this.#from(array16, start);
    if (this.#next32 < start) this.#next32 = this.#from(array32, start);
    return this.#next16 < end || this.#next32 < end;
  }

  #from(token: number, start: number): number {
    const at = this.#bytes.indexOf(token, start);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  }
}

const none: KnownStructures = {};

/**
 * Throws where arrays of the value claim more elements than there can be; what else is wrong with it
 * is left to the decoder. `known` are the structures that the decoder has. A look at the bytes is all
 * that it costs, where none looks like such a claim.
 */
export function checkClaims(bytes: Buffer, start: number, end: number, known = none): void {
  if (isSuspicious(bytes, start, end)) walkClaims(bytes, start, end, known);
}

/** The same without the look. */
export function walkClaims(bytes: Buffer, start: number, end: number, known = none): void {
  new Walk(bytes, start, end, known).value();
}
