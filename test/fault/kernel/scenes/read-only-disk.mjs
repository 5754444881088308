// A file system that becomes read-only under the writer, as ext4 does at an error (errors=remount-ro):
// what the journal says, what a second process is shown meanwhile and afterwards, and that everything
// acknowledged is there when it is mounted again.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from 'tidemark';
import { judge } from '../judge.mjs';
import { segmentBytes } from '../records.mjs';
import { scene } from '../scene.mjs';
import { Teller } from '../teller.mjs';
import { Visits } from '../visits.mjs';
import { openFilesIn, run, Volume } from './volume.mjs';

const BEFORE = 12;
const AFTER = 5;

/** ext4 is told of an error: it takes no write any more. */
function turnReadOnly(volume) {
  run('mount', '-o', 'remount,errors=remount-ro', volume.path);
  writeFileSync(join('/sys/fs/ext4', volume.device(), 'trigger_fs_error'), 'an error\n');
}

const told = (error) =>
  error && { code: error.code, cause: error.cause?.code, outcome: error.outcome };

scene(async ({ base }) => {
  const volume = new Volume(base, 'ext4');
  const directory = join(volume.path, 'journal');
  const lines = [];
  const say = (line) => lines.push(line);
  const visits = new Visits(directory, say);
  const teller = new Teller(say, 1);
  const journal = await Journal.open(directory, { codec: 'binary', segmentBytes });
  for (let n = 0; n < BEFORE; n += 1) await teller.atOnce(journal, 4);
  const durable = journal.durableSeq;

  turnReadOnly(volume);
  visits.visit();
  const refused = [];
  for (let n = 0; n < AFTER; n += 1) refused.push(told(await teller.one(journal)));
  const beside = visits.visit();
  const readable = (await journal.get(durable))?.seq;
  await teller.close(journal);
  const leftOpen = openFilesIn(directory);
  const behind = visits.visit(durable);

  const again = await Journal.open(directory, { codec: 'binary' }).catch((error) => error);
  const opened = again instanceof Error ? told(again) : await again.close();

  volume.unmount();
  volume.check();
  volume.mount();
  const judged = await judge(directory, lines, { power: true });
  return {
    ...{ refused, durable, readable, leftOpen, opened },
    visits: { beside: beside.lastSeq, behind: behind.lastSeq, refused: visits.refused },
    problems: [...visits.problems, ...judged.problems],
  };
});
