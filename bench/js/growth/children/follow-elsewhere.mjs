// The followers of follow.mjs that are in a process of their own.
import { Journal } from '../../../../dist/index.mjs';
import { childInput } from '../../../../test/campaign/support.mjs';
import { startFollowers } from '../following.mjs';

const { directory, count } = childInput();
const journal = await Journal.open(directory, { readOnly: true });
const followers = startFollowers(journal, count);

process.on('message', async ({ note, reach, seen, end }) => {
  if (note !== undefined) followers.note(note);
  if (reach !== undefined) await followers.reach(reach);
  if (end) {
    await journal.close();
    process.disconnect();
  } else {
    process.send(seen ? { seen: followers.seen() } : {});
  }
});
process.send('ready');
