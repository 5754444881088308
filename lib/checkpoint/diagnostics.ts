// The diagnostics channel of checkpoints.

import { channel } from 'node:diagnostics_channel';

/** Published on `tidemark:checkpoint` when a generation is durable, on the thread that saved it. */
export interface CheckpointEvent {
  /** The directory of the checkpoint, absolute. */
  readonly directory: string;
  readonly generation: number;
  readonly coveredSeq: number;
  /** From the call of `save` to its end. */
  readonly durationMs: number;
}

const checkpoint = channel('tidemark:checkpoint');

export function publishCheckpoint(event: CheckpointEvent): void {
  if (checkpoint.hasSubscribers) checkpoint.publish(event);
}
