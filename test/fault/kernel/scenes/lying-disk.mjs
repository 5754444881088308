// A disk that has less room than it says: a sparse image on a small tmpfs. Writes go to the page cache,
// the sync fails when the image cannot grow, the kernel marks the pages clean, and a later sync of the
// same file says that all is well. That this disk lies is shown on a plain file first.
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Journal } from 'tidemark';
import { judge } from '../judge.mjs';
import { scene } from '../scene.mjs';
import { Teller } from '../teller.mjs';
import { openFilesIn, run, Volume } from './volume.mjs';

const IMAGE_MEGABYTES = 96;
const ENOUGH_MEGABYTES = 2 * IMAGE_MEGABYTES;
const MOST_APPENDS = 20_000;
const REFUSALS = 5;
const MEGABYTE = 1 << 20;
/** Of data, until the disk is full. */
const ROOM_MEGABYTES = 8;
/** Each fills some blocks of the file system's journal of 1,024 blocks; together more than once. */
const JOURNAL_CYCLES = 400;
const MOST_SYNCS = 20;

/** No inode tables that are written later: nothing of the file system itself may run out of room. */
const format = ['-E', 'lazy_itable_init=0,lazy_journal_init=0,nodiscard', '-J', 'size=4'];

/** What the syncs of a plain file say while it grows beyond the disk: 'ok', or the code. */
function plainFile(path) {
  const file = openSync(path, 'w');
  const said = [];
  const sync = () => {
    try {
      fdatasyncSync(file);
      return 'ok';
    } catch (error) {
      return error.code;
    }
  };
  for (let n = 0; n < IMAGE_MEGABYTES && !said.some((one) => one !== 'ok'); n += 1) {
    writeSync(file, Buffer.alloc(MEGABYTE, 0x61));
    said.push(sync());
  }
  const written = said.length * MEGABYTE;
  while (said.length < IMAGE_MEGABYTES + MOST_SYNCS && said.at(-1) !== 'ok') said.push(sync());
  closeSync(file);
  return { written, said: said.slice(said.findIndex((one) => one !== 'ok')) };
}

/** Whether all of a plain file is what was written. */
function isThere(path, written) {
  if (statSync(path).size !== written) return false;
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(MEGABYTE);
  let sound = true;
  for (let read = readSync(file, bytes); read > 0; read = readSync(file, bytes)) {
    sound &&= bytes.subarray(0, read).every((byte) => byte === 0x61);
  }
  closeSync(file);
  return sound;
}

class LyingDisk {
  #room;
  constructor(base) {
    this.#room = join(base, 'room');
    mkdirSync(this.#room, { recursive: true });
    run('mount', '-t', 'tmpfs', '-o', `size=${ENOUGH_MEGABYTES}M`, 'tmpfs', this.#room);
    this.volume = new Volume(this.#room, 'ext4', { megabytes: IMAGE_MEGABYTES, options: format });
    // A block at a time: of a longer request that the room ends in, the loop driver of Linux (6.18,
    // drivers/block/loop.c, lo_complete_rq) says that all was written. No program can live with that.
    const queue = join('/sys/block', this.volume.device(), 'queue', 'max_sectors_kb');
    writeFileSync(queue, '4');
    this.#touchMetadata();
    this.#limit(usedMegabytes(this.#room) + ROOM_MEGABYTES);
  }

  /** The file system's own blocks get their room first: only what programs write is lost. */
  #touchMetadata() {
    for (let n = 0; n < JOURNAL_CYCLES; n += 1) {
      const path = join(this.volume.path, `${n}`);
      const file = openSync(path, 'w');
      fsyncSync(file);
      closeSync(file);
      rmSync(path);
    }
  }

  #limit(megabytes) {
    run('mount', '-o', `remount,size=${megabytes}M`, this.#room);
  }

  /** From now on there is as much room as the disk says; what was lost is lost. */
  mend() {
    this.#limit(ENOUGH_MEGABYTES);
    this.volume.unmount();
    this.volume.check();
    this.volume.mount();
  }
}

function usedMegabytes(path) {
  const { blocks, bfree, bsize } = statfsSync(path);
  return Math.ceil(((blocks - bfree) * bsize) / MEGABYTE);
}

function showTheLie(base) {
  const disk = new LyingDisk(base);
  const path = join(disk.volume.path, 'plain');
  const { written, said } = plainFile(path);
  disk.mend();
  return { said, isThere: isThere(path, written) };
}

scene(async ({ base, options }) => {
  const control = showTheLie(join(base, 'control'));
  const disk = new LyingDisk(join(base, 'disk'));
  const directory = join(disk.volume.path, 'journal');
  const lines = [];
  const teller = new Teller((line) => lines.push(line), 1);
  const journal = await Journal.open(directory, { codec: 'binary', ...options });
  for (let n = 0; n < MOST_APPENDS && !teller.poisoned; n += 1) await teller.atOnce(journal, 4);
  const { poisoned, acknowledged } = teller;
  const later = [];
  for (let n = 0; n < REFUSALS; n += 1) later.push((await teller.one(journal))?.code);
  await teller.sync(journal);
  await teller.close(journal);
  const leftOpen = openFilesIn(directory);
  disk.mend();
  const { problems, recovery } = await judge(directory, lines, { power: true });
  const refused = lines.filter(({ say }) => say === 'rejected' || say === 'failed');
  const codes = [...new Set(refused.map(({ code, cause }) => `${code} ${cause}`))];
  return { control, poisoned, acknowledged, later, codes, leftOpen, recovery, problems };
});
