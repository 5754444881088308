// tidemark/checkpoint: a value that is saved atomically.

export { Checkpoint } from './checkpoint';
export type { CheckpointEvent } from './diagnostics';
export type {
  CheckpointFacts,
  CheckpointGeneration,
  CheckpointHeader,
  CheckpointJournal,
  CheckpointOptions,
  CheckpointProgress,
  CheckpointSaveOptions,
  LenientCheckpoint,
  LoadedCheckpoint,
  RejectedCheckpoint,
  StreamedCheckpoint,
} from './options';
