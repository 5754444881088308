// Prints, one a line, what binding.gyp compiles of the groups named on the command line: files of one
// directory together, which takes a third of the time, since most of it goes into the same headers
// and the same templates. The list itself is native/sources.json, which CMakeLists.txt reads as well.
'use strict';

const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const groups = require('../native/sources.json');

const together = 16;
const root = join(__dirname, '..');
const directory = 'build/unity';

/** The files by their directories. */
function roomsOf(files) {
  const rooms = new Map();
  for (const file of files) rooms.set(dirname(file), [...(rooms.get(dirname(file)) ?? []), file]);
  return rooms;
}

/** Writes the file that includes the others, unless it is there: it would be compiled again. */
function unityFile(name, files) {
  const path = `${directory}/${name}.cpp`;
  const text = files.map((file) => `#include "../../${file}"\n`).join('');
  mkdirSync(join(root, directory), { recursive: true });
  if (!existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text) {
    writeFileSync(join(root, path), text);
  }
  return path;
}

for (const name of process.argv.slice(2)) {
  const files = groups[name];
  if (files === undefined || name === 'alone') {
    process.stderr.write(`native/sources.json has no group "${name}"\n`);
    process.exit(1);
  }
  const alone = new Set(groups.alone);
  for (const file of files) if (alone.has(file)) process.stdout.write(`${file}\n`);
  for (const [room, all] of roomsOf(files)) {
    const shared = all.filter((file) => !alone.has(file));
    for (let at = 0; at < shared.length; at += together) {
      const part = `${name}-${room.replaceAll('/', '-')}-${at / together}`;
      process.stdout.write(`${unityFile(part, shared.slice(at, at + together))}\n`);
    }
  }
}
