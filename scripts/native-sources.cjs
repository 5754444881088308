// Prints the C++ sources of the groups named on the command line, one a line, for binding.gyp.
// The list itself is native/sources.json, which CMakeLists.txt reads as well.
'use strict';

const groups = require('../native/sources.json');

for (const name of process.argv.slice(2)) {
  const files = groups[name];
  if (files === undefined) {
    process.stderr.write(`native/sources.json has no group "${name}"\n`);
    process.exit(1);
  }
  for (const file of files) process.stdout.write(`${file}\n`);
}
