// tidemark/state: a value that is a journal of events and checkpoints of what they made.

export { type CommittedRange, DurableState, type StateStats } from './durable-state';
export type { CheckpointStats } from './keeper';
export type {
  CheckpointTriggers,
  DurableStateOptions,
  SkippedEvent,
  StateRecoveryReport,
} from './options';
