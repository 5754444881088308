// tidemark/scan: a scan of many targets that goes on where it was stopped.

export type { ImportReport } from './exchange';
export type { ScanEvent, TargetStatus } from './marks';
export {
  Progress,
  type ProgressChange,
  type ProgressOptions,
  type ProgressSnapshot,
} from './progress';
export type { ScanReport, ScanWorker, Targets } from './run';
export {
  type Completion,
  type ImportOptions,
  type MergeConflict,
  type MergeReport,
  Scan,
  type ScanCounts,
  type ScanOptions,
  type ScanRunOptions,
  type ScanTarget,
} from './scan';
export type { RejectedLine } from './scanstate';
export { ScanSettings } from './settings';
