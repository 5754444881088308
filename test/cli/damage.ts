// Journals in the states that the commands tell apart.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '#lib/cli/layout';
import { find, seqs, start, temporaryDirectory, tidemark } from './run';

/** Text that stands once in the files of the journal: that of record `seq`. */
export function textOf(seq: number): string {
  return `record-${String(seq).padStart(6, '0')}-end`;
}

export function journalLines(from: number, to: number): string {
  return seqs(from, to)
    .map((seq) => `{"text":"${textOf(seq)}","fill":"${'.'.repeat(80)}"}\n`)
    .join('');
}

/** A closed journal of `count` records in segments of 64 KiB. */
export async function soundJournal(count: number): Promise<string> {
  const directory = join(temporaryDirectory(), 'journal');
  const { code, stderr } = await tidemark(
    ['append', directory, '--segment-bytes', '65536'],
    journalLines(1, count),
  );
  if (code !== 0) throw new Error(stderr);
  return directory;
}

/** One flipped bit in the payload of a record. */
export async function damagedJournal(count: number, seq: number): Promise<string> {
  const directory = await soundJournal(count);
  flipBit(find(directory, textOf(seq)));
  return directory;
}

export function flipBit({ path, offset }: { path: string; offset: number }): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, offset);
  byte.writeUInt8(byte.readUInt8(0) ^ 1);
  writeSync(file, byte, 0, 1, offset);
  closeSync(file);
}

/** A writer that was killed, and behind its last frame bytes that are no frame. */
export async function tornJournal(count: number): Promise<string> {
  const directory = join(temporaryDirectory(), 'journal');
  const writer = start('append', directory, '--ack');
  writer.child.stdin.write(journalLines(1, count));
  await writer.until(({ stdout }) => stdout.endsWith(`${count}\n`));
  writer.child.kill('SIGKILL');
  await writer.ended;
  const report = await inspected(directory);
  const last = report.segments.at(-1);
  if (last === undefined) throw new Error('no segment');
  const file = openSync(join(directory, `segment-${hexId(last.id)}.tide`), 'r+');
  writeSync(file, 'these bytes were never acknowledged', last.streamEnd);
  closeSync(file);
  return directory;
}

function hexId(id: number): string {
  return id.toString(16).padStart(16, '0');
}

export async function inspected(directory: string): Promise<Layout> {
  const { stdout } = await tidemark(['inspect', directory, '--json', '--frames']);
  return JSON.parse(stdout) as Layout;
}
