// Any value that a codec decodes, as JSON. What JSON has no form for gets an object with one key
// that begins with "$": {"$base64":"…"}, {"$bigint":"…"}, {"$number":"NaN"}, {"$map":[[k,v],…]},
// {"$set":[…]}. A Date is its ISO string; undefined is null, or absent where it is a property.

/** The JSON text of a value, on one line. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, replace) ?? 'null';
}

/** `this` is the object that holds the key: its value is what it was before any toJSON. */
function replace(this: unknown, key: string, converted: unknown): unknown {
  const value = (this as Record<string, unknown>)[key];
  if (typeof value === 'bigint') return { $bigint: value.toString() };
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (typeof value !== 'object' || value === null) return converted;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return { $base64: binary(value).toString('base64') };
  }
  if (value instanceof Map) return { $map: [...value] };
  if (value instanceof Set) return { $set: [...value] };
  if (value instanceof RegExp) return { $regexp: String(value) };
  if (value instanceof Error) return { $error: `${value.name}: ${value.message}` };
  return converted;
}

function binary(value: ArrayBufferView | ArrayBuffer): Buffer {
  return ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value);
}
