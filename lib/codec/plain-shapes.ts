// Objects with the same keys in the same order as many before them are copied by a function that is made
// for those keys: an engine runs `{ a: o.a, b: o.b }` without looking anything up, and what is no text
// among the keys stays behind. One function for all objects takes three times as long.

import { isWellFormed } from '../arguments';

/** A copy of a value at this depth, or `none`. */
export type CopyValue = (value: unknown, json: boolean, depth: number) => unknown;
export type CopyObject = (object: object, json: boolean, depth: number) => unknown;

/** A list of keys; what follows the last one leads to longer lists. */
interface Shape {
  readonly keys: readonly string[];
  /** The key that followed the last time, and where it led: mostly the next one is the same. */
  key: string | undefined;
  next: Shape | undefined;
  others: Map<string, Shape> | undefined;
  seen: number;
  copy: CopyObject | undefined;
}

/** As often an object is copied by the function for all of them. */
const worthMaking = 32;
const mostKeys = 32;
/** Keys may be data: not every one of a million makes a shape. */
const mostShapes = 2048;

export class PlainShapes {
  readonly #copyValue: CopyValue;
  readonly #none: unknown;
  readonly #root = shapeOf([]);
  #shapes = 0;
  #mayMake = true;

  /** @param none Given of an object where `copyValue` gives it of a member. */
  constructor(copyValue: CopyValue, none: unknown) {
    this.#copyValue = copyValue;
    this.#none = none;
  }

  /** The function for an object with these keys; undefined where there is none, or not yet. */
  copierFor(object: object): CopyObject | undefined {
    let shape = this.#root;
    for (const key in object) {
      const next = shape.key === key ? shape.next : this.#follow(shape, key);
      if (next === undefined) return undefined;
      shape = next;
    }
    return shape.copy ?? this.#seen(shape);
  }

  #follow(shape: Shape, key: string): Shape | undefined {
    const next = shape.others?.get(key) ?? this.#add(shape, key);
    if (next !== undefined) {
      shape.key = key;
      shape.next = next;
    }
    return next;
  }

  #add(shape: Shape, key: string): Shape | undefined {
    if (!this.#mayMake || !isPlainKey(key)) return undefined;
    if (this.#shapes === mostShapes || shape.keys.length === mostKeys) return undefined;
    this.#shapes += 1;
    const next = shapeOf([...shape.keys, key]);
    shape.others ??= new Map();
    shape.others.set(key, next);
    return next;
  }

  #seen(shape: Shape): CopyObject | undefined {
    shape.seen += 1;
    if (shape.seen < worthMaking || !this.#mayMake) return undefined;
    try {
      shape.copy = this.#make(shape.keys);
    } catch {
      this.#mayMake = false; // no code of texts in this process: the function for all does it
    }
    return shape.copy;
  }

  #make(keys: readonly string[]): CopyObject {
    const texts = keys.map((key) => JSON.stringify(key));
    const reads = texts.map(
      (text, i) => `const v${i} = copy(o[${text}], json, depth); if (v${i} === none) return none;`,
    );
    const members = texts.map((text, i) => `${text}: v${i}`);
    const body = `return (o, json, depth) => {\n${reads.join('\n')}\nreturn {${members}};\n};`;
    return new Function('copy', 'none', body)(this.#copyValue, this.#none) as CopyObject;
  }
}

/** Codecs take it as it is: no prototype, no method that JSON calls, no lone surrogate. */
export function isPlainKey(key: string): boolean {
  return key !== '__proto__' && key !== 'toJSON' && isWellFormed(key);
}

function shapeOf(keys: readonly string[]): Shape {
  return { keys, key: undefined, next: undefined, others: undefined, seen: 0, copy: undefined };
}
