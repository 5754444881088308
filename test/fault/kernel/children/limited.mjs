// A program under a limit on the length of its files: saves checkpoints whose files end around the limit,
// then appends until it is refused. Says as JSON what it was told.
import { Checkpoint, Journal } from 'tidemark';
import { childInput } from '../../../campaign/support.mjs';

const { directory, lengths, options, mostRecords, recordBytes } = childInput();

const told = (error) => ({ code: error.code, cause: error.cause?.code, outcome: error.outcome });

async function save(length) {
  const checkpoint = await Checkpoint.open(`${directory}/checkpoint-${length}`, {
    codec: 'binary',
  });
  try {
    await checkpoint.save(Buffer.alloc(length, 'x'));
    return { length };
  } catch (error) {
    return { length, refused: told(error) };
  } finally {
    await checkpoint.close();
  }
}

async function append() {
  const journal = await Journal.open(`${directory}/journal`, { codec: 'binary', ...options });
  let acknowledged = 0;
  let refused;
  while (refused === undefined && acknowledged < mostRecords) {
    try {
      await journal.append(Buffer.alloc(recordBytes, acknowledged % 251));
      acknowledged += 1;
    } catch (error) {
      refused = told(error);
    }
  }
  await journal.close().catch(() => {});
  return { acknowledged, refused };
}

const saves = [];
for (const length of lengths) saves.push(await save(length));
const appends = mostRecords > 0 ? await append() : { acknowledged: 0 };
process.stdout.write(JSON.stringify({ saves, ...appends }));
