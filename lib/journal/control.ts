// The places of the Float64Array that hand-over and progress share with the addon
// (native/addon/journal_handle.cpp): arguments in front, answers behind, and no object per call.

export const control = {
  // in
  bytes: 0,
  count: 1,
  atomic: 2,
  durability: 3,
  intervalMs: 4,
  ifLastSeq: 5,
  wait: 6,
  // out
  firstSeq: 8,
  written: 9,
  durable: 10,
  durableSeq: 11,
  lastSeq: 12,
  pendingBytes: 13,
  writable: 14,
  failed: 15,
} as const;

export const controlLength = 16;
/** `ifLastSeq` that says nothing. */
export const none = -1;
