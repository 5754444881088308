// Checkpoints: a value of a gibibyte as a stream, and how long a save takes beside write-file-atomic
// and beside node:fs done right, by turns. write-file-atomic syncs the new file and not the directory,
// so that a power cut may take its rename back: it does less.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installPeers } from '../../bench/js/install.mjs';
import { claim, MiB, root, runChild } from './support.mjs';

const MOST_GROWN_BYTES = 64 * MiB;
const largeChild = join(root, 'test', 'checkpoint', 'children', 'large.mjs');

export async function largeCheckpoint({ directory, mebibytes }) {
  const { stdout } = await promisify(execFile)(process.execPath, [
    largeChild,
    join(directory, 'large'),
    String(mebibytes),
  ]);
  const figures = { mebibytes, ...JSON.parse(stdout) };
  const { saved, loaded, progress, grown } = figures;
  return {
    figures,
    claims: [
      claim(
        'all of it comes back',
        saved === loaded && saved === mebibytes * MiB,
        loaded,
        mebibytes * MiB,
      ),
      claim('progress is told every mebibyte', progress >= mebibytes, progress, mebibytes),
      claim('memory grows by less than 64 MiB', grown < MOST_GROWN_BYTES, grown, MOST_GROWN_BYTES),
    ],
  };
}

export function largeCheckpointTable({ mebibytes, saveSeconds, loadSeconds, grown }) {
  const rate = (seconds) => `${Math.round(mebibytes / seconds)} MiB a second`;
  return [
    `${mebibytes.toLocaleString('en-US')} MiB: saved in ${saveSeconds} s (${rate(saveSeconds)}), loaded ` +
      `in ${loadSeconds} s (${rate(loadSeconds)}); the peak of memory rose by ${Math.round(grown / MiB)} MiB.`,
  ];
}

export async function checkpointSaves({ directory, sizes, saves, peers = true }) {
  const withPeer = peers && installPeers();
  const results = [];
  for (const bytes of sizes) {
    const input = { directory: join(directory, String(bytes)), bytes, saves, withPeer };
    results.push({ bytes, ...(await runChild('save-checkpoints', input)) });
  }
  const whole = results.every(({ whole }) => whole);
  return {
    figures: { saves, results },
    claims: [claim('the last value of every form comes back', whole, whole, true)],
  };
}

export function checkpointSavesTable({ saves, results }) {
  const forms = ['tidemark', 'node:fs', 'write-file-atomic'];
  const cell = (times) => (times === undefined ? '' : `${times.p50Ms} | ${times.p99Ms}`);
  return [
    `${saves} saves of each form, one after the other, by turns. \`node:fs\` is the plain sequence that does`,
    'everything: a new file, write, sync, close, rename, sync of the directory. write-file-atomic does not sync',
    'the directory: a power cut may take a save back that it reported.',
    '',
    `| bytes | ${forms.map((form) => `${form} p50 ms | p99 ms`).join(' | ')} |`,
    `| ---: | ${forms.map(() => '---: | ---:').join(' | ')} |`,
    ...results.map(
      ({ bytes, times }) =>
        `| ${bytes.toLocaleString('en-US')} | ${forms.map((form) => cell(times[form]) || ' | ').join(' | ')} |`,
    ),
  ];
}
