// tidemark/testing: a disk in memory that loses power, for the tests of programs that must not lose
// anything. Not exported by the root.

export type { DiskCall, DiskCallKind } from './calls';
export type {
  ExploreBody,
  ExploreJudge,
  ExploreKnown,
  ExploreOptions,
  ExploreReport,
  Violation,
} from './explore';
export type { SimulatedFiles } from './files';
export { type CutOptions, SimulatedDisk, type SimulatedDiskOptions } from './simulated-disk';
