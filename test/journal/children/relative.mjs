// Opens a journal by a relative path and changes the working directory in the same turn.
import { mkdirSync } from 'node:fs';
import { Journal } from 'tidemark';

process.chdir(process.argv[2]);
mkdirSync('elsewhere');
const opening = Journal.open('here');
process.chdir('elsewhere');
await (await opening).close();
