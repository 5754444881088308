// tidemark/scan: a scan of many targets that goes on where it was stopped.

export type { ImportReport } from './exchange';
export type { ScanEvent, TargetStatus } from './marks';
export type {
  Completion,
  ImportOptions,
  MergeConflict,
  MergeReport,
  ScanCounts,
  ScanOptions,
  ScanRunOptions,
  ScanTarget,
} from './options';
export {
  Progress,
  type ProgressChange,
  type ProgressOptions,
  type ProgressSnapshot,
} from './progress';
export type { ScanReport, ScanWorker, Targets } from './run';
export { Scan } from './scan';
export type { RejectedLine } from './scanstate';
export { ScanSettings } from './settings';
