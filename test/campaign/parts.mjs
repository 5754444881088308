// The parts of the campaign, each with the sizes of a full run and about how many minutes that takes
// on a machine with two cores. The tests run the same functions with smaller sizes. `run` gives
// { figures, claims }; `table`, if there is one, makes Markdown lines of the figures. A `resumable`
// part looks at `deadline` (milliseconds, as Date.now() counts), saves what it has with
// `saved.write(value)`, begins from `saved.read()`, and gives { unfinished: true } when time was up.
// `sources` names directories beside those of the package whose change makes the figures old, `of` all
// of them.
// Parts with `page: 'reliability'` are shown on that page, the others on docs/campaign.md.

import { crash, crashTable } from '../crash/campaign.mjs';
import { fault, faultTable } from '../fault/campaign.mjs';
import { kernelFaults, kernelFaultsTable } from '../fault/kernel/kernel-faults.mjs';
import { fuzz, fuzzTable } from '../fuzz/campaign.mjs';
import { planted, plantedTable } from '../planted/planted.mjs';
import { peersPowerCuts, peersPowerCutsTable } from '../power/peers-power-cuts.mjs';
import { powerCuts, powerCutsTable } from '../power/power-cuts.mjs';
import { threads, threadsTable } from '../threads/campaign.mjs';
import {
  checkpointSaves,
  checkpointSavesTable,
  largeCheckpoint,
  largeCheckpointTable,
} from './checkpoints.mjs';
import { followers } from './followers.mjs';
import { idleJournals } from './idle-journals.mjs';
import { idleMarks } from './idle-marks.mjs';
import { killStorm, killStormTable } from './kill-storm/storm.mjs';
import { memory } from './memory.mjs';
import { openAndRead } from './open-and-read.mjs';
import { reader, readerTable } from './reader.mjs';
import { recordBytes } from './record-bytes.mjs';
import { scanMarks, scanMarksTable } from './scan-marks.mjs';
import { stateCommits, stateCommitsTable, stateReopen, stateReopenTable } from './states.mjs';
import { KiB, MiB } from './support.mjs';

const forms = ['append', 'write'];
const memoryCases = [
  { recordBytes: 100, maxPendingBytes: 32 * MiB },
  { recordBytes: 100, maxPendingBytes: 128 * MiB },
  { recordBytes: 1000, maxPendingBytes: 32 * MiB },
  { recordBytes: 64 * KiB, maxPendingBytes: 32 * MiB },
  { recordBytes: 64 * KiB, maxPendingBytes: 128 * MiB },
  { recordBytes: MiB, maxPendingBytes: 128 * MiB },
].flatMap((one) => forms.map((form) => ({ form, ...one })));

export const parts = [
  {
    name: 'record-bytes',
    about: 'bytes a record costs on disk',
    minutes: 1,
    run: recordBytes,
    sizes: { sizes: [17, 100, 1000], from: 2000, to: 4000 },
  },
  {
    name: 'idle-marks',
    about: 'cost of idle marks',
    minutes: 0.5,
    run: idleMarks,
    sizes: { records: 200, pauseMs: 20, quietMs: 1000 },
  },
  {
    name: 'followers',
    about: 'followers: idle processor time, time from acknowledged to seen',
    minutes: 1.5,
    run: followers,
    // The runtime collects its garbage for some seconds after it has started.
    sizes: { records: 500, settleMs: 15_000, idleMs: 10_000, seed: 1 },
  },
  {
    name: 'idle-journals',
    about: '1,000 idle journals in one process',
    minutes: 1,
    run: idleJournals,
    sizes: { journals: 1000, idleMs: 5000 },
  },
  {
    name: 'memory',
    about: 'memory while appends run ahead of a slow disk',
    minutes: 3,
    run: memory,
    sizes: { cases: memoryCases, milliseconds: 4000 },
  },
  {
    name: 'open-and-read',
    about: 'opening and reading 10 million records',
    minutes: 2,
    run: openAndRead,
    sizes: { records: 10_000_000, fewRecords: 100_000 },
  },
  {
    name: 'large-checkpoint',
    about: 'a checkpoint of a gibibyte, as a stream',
    minutes: 1,
    run: largeCheckpoint,
    sizes: { mebibytes: 1024 },
    sources: ['test/checkpoint/children'],
    table: largeCheckpointTable,
  },
  {
    name: 'checkpoint-saves',
    about: 'saves of a checkpoint beside write-file-atomic and node:fs',
    minutes: 1,
    run: checkpointSaves,
    sizes: { sizes: [KiB, MiB], saves: 300 },
    table: checkpointSavesTable,
  },
  {
    name: 'state-commits',
    about: 'commits of a state beside appends to a journal',
    minutes: 2,
    run: stateCommits,
    sizes: { callers: [1, 64, 1024], rounds: 12, milliseconds: 1500 },
    table: stateCommitsTable,
  },
  {
    name: 'state-reopen',
    about: 'opening a state of a million events with a checkpoint near their end',
    minutes: 1,
    run: stateReopen,
    sizes: { events: 1_000_000, covered: 990_000 },
    table: stateReopenTable,
  },
  {
    name: 'scan-marks',
    about: 'a mark more in a scan of a million targets, and in one of a thousand',
    minutes: 4,
    run: scanMarks,
    sizes: { targets: 1_000_000, few: 1000, marks: 500 },
    table: scanMarksTable,
  },
  {
    name: 'crash',
    about: '100,000 states that a power cut can leave of the simulated disk',
    minutes: 10,
    run: crash,
    sizes: { states: 100_000, cpuMinutes: 20, seed: 1, threads: 2 },
    of: ['native', 'test/crash'],
    page: 'reliability',
    table: crashTable,
  },
  {
    name: 'fault',
    about: 'every call fails in every way, one after the other',
    minutes: 15,
    run: fault,
    sizes: { runs: 80_000 },
    of: ['native', 'test/fault'],
    page: 'reliability',
    resumable: true,
    table: faultTable,
  },
  {
    name: 'fuzz',
    about: 'ten CPU minutes of libFuzzer on every native decoder',
    minutes: 115,
    run: fuzz,
    sizes: { cpuSeconds: 600 },
    of: ['native/checkpoint', 'native/crc32c', 'native/format', 'test/fuzz/support'],
    page: 'reliability',
    resumable: true,
    table: fuzzTable,
  },
  {
    name: 'kill-storm',
    about: '1,000 kills with SIGKILL under load, in recovery, in close, with followers',
    minutes: 12,
    run: killStorm,
    sizes: { rounds: 20, kills: 50, seed: 20260101 },
    page: 'reliability',
    resumable: true,
    table: killStormTable,
  },
  {
    name: 'reader',
    about: '40,000 damaged journals, read by the package and by an independent reader',
    minutes: 8,
    run: reader,
    sizes: { cases: 40_000, seed: 20260201 },
    sources: ['test/fuzz'],
    page: 'reliability',
    resumable: true,
    table: readerTable,
  },
  {
    name: 'kernel-faults',
    about:
      'every call of a writer fails, lies or is its last, by strace; file systems die under it',
    minutes: 20,
    run: kernelFaults,
    sizes: { deaths: 25, seed: 20260110 },
    sources: ['test/fault/kernel'],
    page: 'reliability',
    resumable: true,
    table: kernelFaultsTable,
  },
  {
    name: 'planted',
    about: 'defects planted on purpose, and which net catches each',
    minutes: 60,
    // In its usual place, where builds and what was cast on this very tree are kept.
    run: (how) => planted({ ...how, directory: undefined }),
    sizes: {},
    sources: ['test'],
    page: 'reliability',
    resumable: true,
    table: plantedTable,
  },
  {
    name: 'threads',
    about: 'storms of threads and exits on five runtimes, without and with sanitizers',
    minutes: 8,
    run: threads,
    sizes: { rounds: 1, scale: 0.5, seed: 20260140 },
    sources: ['test/threads/storms'],
    page: 'reliability',
    resumable: true,
    table: threadsTable,
  },
  {
    name: 'power-cuts',
    about: '100 power cuts on each of ext4, XFS and Btrfs under load',
    minutes: 5,
    run: powerCuts,
    sizes: { cuts: 100, seed: 20260120, liarCuts: 5 },
    sources: ['test/power'],
    page: 'reliability',
    resumable: true,
    table: powerCutsTable,
  },
  {
    name: 'peers-power-cuts',
    about: '30 power cuts under the durable modes of other logs and stores',
    minutes: 6,
    run: peersPowerCuts,
    sizes: { cuts: 30, seed: 20260130 },
    sources: ['test/power', 'bench/js/systems'],
    page: 'reliability',
    resumable: true,
    table: peersPowerCutsTable,
  },
];
