// Checks native/: who may include whom, that Node's headers stay in addon/, that
// native/sources.json lists exactly the .cpp files that are there, and what clang-tidy does not see
// where it looks at several files as one: included .cpp files and macros with reserved names.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './tools.mjs';

/** What each room may include besides itself. */
const allowed = {
  crc32c: [],
  format: ['crc32c'],
  io: [],
  journal: ['format', 'io'],
  checkpoint: ['journal', 'format', 'io'],
  addon: ['checkpoint', 'journal', 'io', 'crc32c'],
};
const nodeHeader = /^(node_api|js_native_api|napi|node|uv|v8)([-_./]|$)/;
const includeLine = /^\s*#\s*include\s*([<"])([^>"]+)[>"]/;
const reservedMacro = /^\s*#\s*define\s+(_[A-Z_]\w*|\w*__\w*)/;

const native = join(root, 'native');
const files = readdirSync(native, { recursive: true })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /\.(cpp|hpp|h|inc)$/.test(name))
  .sort();
const problems = [];

for (const file of files) {
  const room = file.split('/', 1)[0];
  if (!Object.hasOwn(allowed, room)) {
    problems.push(`native/${file}: no such room; the rooms are ${Object.keys(allowed).join(', ')}`);
    continue;
  }
  const lines = readFileSync(join(native, file), 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    const where = `native/${file}:${index + 1}`;
    const [, reserved] = reservedMacro.exec(line) ?? [];
    if (reserved) problems.push(`${where}: ${reserved} is a reserved name`);
    const match = includeLine.exec(line);
    if (!match) continue;
    const [, quote, path] = match;
    if (path.endsWith('.cpp')) problems.push(`${where}: "${path}" is no header`);
    if (nodeHeader.test(path)) {
      if (room !== 'addon') problems.push(`${where}: <${path}> outside native/addon`);
    } else if (quote === '"') {
      const target = path.split('/', 1)[0];
      if (!files.includes(path)) {
        problems.push(`${where}: "${path}" is not a path below native/`);
      } else if (target !== room && !allowed[room].includes(target)) {
        problems.push(`${where}: ${room} may not include ${target}`);
      }
    }
  }
}

// `alone`: those of the others that are not compiled together with their neighbours.
const { alone, ...groups } = JSON.parse(readFileSync(join(native, 'sources.json'), 'utf8'));
const listed = Object.values(groups).flat();
const present = files
  .filter((name) => name.endsWith('.cpp'))
  .map((name) => relative(root, join(native, name)).replaceAll('\\', '/'));
for (const file of present) {
  if (!listed.includes(file)) problems.push(`native/sources.json does not list ${file}`);
}
for (const file of listed) {
  if (!present.includes(file))
    problems.push(`native/sources.json lists ${file}, which is not there`);
}
for (const file of new Set(listed.filter((name, index) => listed.indexOf(name) !== index))) {
  problems.push(`native/sources.json lists ${file} twice`);
}

for (const file of alone.filter((name) => !listed.includes(name))) {
  problems.push(`native/sources.json has ${file} alone, but does not list it`);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
