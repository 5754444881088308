// tidemark/journal: the durable log.

export {
  type Codec,
  type ContentHash,
  type MsgpackOptions,
  msgpack,
  type StandardIssue,
  type StandardResult,
  type StandardSchemaV1,
} from '../codec/index';
export type { CutRange, RecoveryReport, SkippedRange, SnapshotReport } from '../recovery/report';
export type { Cursor } from './cursor';
export type {
  CommitEvent,
  OpenEvent,
  PoisonEvent,
  RotateEvent,
  SealEvent,
} from './diagnostics';
export type { JournalRecord, RecordBatch } from './iterators';
export { Journal } from './journal';
export type {
  AppendBatchOptions,
  AppendOptions,
  Durability,
  FollowOptions,
  JournalOptions,
  ReadOptions,
  WaitOptions,
} from './options';
export type { Histogram, JournalStats, SegmentInfo } from './stats';
