// The JS side of the addon's one delivery per turn: gives operations numbers, settles their promises,
// tells handles that something changed, and keeps the event loop alive while somebody waits.

import type { NativeBinding, NativeDisk, NativeFailure } from './binding';
import { currentDisk } from './disk-context';
import { errorOf } from './failure';
import { native } from './native';

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Of Node, whatever stands in for it later: fake timers of a test would keep acknowledgements back. */
const afterTurn = setImmediate;

/** Bun and Deno export names of libuv that end the process, or an event loop that is not theirs. */
const hasLibuv = process.versions.bun === undefined && process.versions.deno === undefined;

const operations = new Map<number, Pending>();
const handles = new Map<number, () => void>();
let lastOperation = 0;
let holds = 0;
let connected: NativeBinding | undefined;
let used: NativeDisk | undefined;

function complete(operation: number, failure: NativeFailure | undefined, value: unknown): void {
  const pending = operations.get(operation);
  if (pending === undefined) return;
  operations.delete(operation);
  release();
  if (failure === undefined) pending.resolve(value);
  else pending.reject(errorOf(failure));
}

/** The addon, connected to this thread's event loop. */
export function runtime(): NativeBinding {
  if (connected === undefined) {
    const binding = native();
    const deliver = () => binding.deliver();
    binding.connect(
      complete,
      (handle) => handles.get(handle)?.(),
      () => afterTurn(deliver),
      hasLibuv,
    );
    connected = binding;
  }
  return connected;
}

/** Keeps the event loop alive until release(); counted. */
export function hold(): void {
  if (holds++ === 0) runtime().hold(true);
}

export function release(): void {
  if (--holds === 0) runtime().hold(false);
}

/** What begins now is made on the disk of the code that begins it. */
function useCurrentDisk(): void {
  const disk = currentDisk();
  if (disk === used) return;
  runtime().useDisk(disk);
  used = disk;
}

/** Starts an operation; the promise settles with its outcome. */
export function operate<T>(start: (operation: number) => void): Promise<T> {
  runtime();
  useCurrentDisk();
  return new Promise<T>((resolve, reject) => {
    lastOperation = (lastOperation + 1) >>> 0;
    const operation = lastOperation;
    operations.set(operation, { resolve: resolve as (value: unknown) => void, reject });
    hold();
    start(operation);
  });
}

/** `changed` is called, at most once a turn, when a native thread changed something on the handle. */
export function listen(handle: number, changed: () => void): void {
  handles.set(handle, changed);
}

export function unlisten(handle: number): void {
  handles.delete(handle);
}
