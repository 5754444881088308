// tidemark/recovery: looking at a journal that nobody has open, and saving what is left of one.

export type {
  CutRange,
  FrameLayout,
  RecordedFacts,
  RecoveryReport,
  SalvageReport,
  SegmentLayout,
  SkippedRange,
  SnapshotReport,
  VerifyProblem,
  VerifyReport,
} from './report';
export { type SalvageOptions, salvage } from './salvage';
export { type VerifyOptions, verify } from './verify';
