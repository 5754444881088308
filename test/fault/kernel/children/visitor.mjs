// One visit of a second process: opens the journal read-only, reads all of it, and prints what it was
// shown, or the error, as JSON.
import { Journal } from 'tidemark';
import { answer, childInput } from '../../../campaign/support.mjs';
import { idOf, isWhole } from '../records.mjs';

const told = (error) => ({ code: error.code ?? error.name, cause: error.cause?.code });

async function visit({ directory }) {
  const journal = await Journal.open(directory, { readOnly: true });
  const records = [];
  const problems = [];
  for await (const { seq, value } of journal.read()) {
    if (!isWhole(value)) problems.push(`a visitor is shown bytes of nobody as seq ${seq}`);
    records.push([seq, idOf(value)]);
  }
  const { firstSeq, lastSeq, recovery } = journal;
  await journal.close();
  return { firstSeq, lastSeq, tail: recovery.tail, records, problems };
}

answer(await visit(childInput()).catch(told));
