// An instance of msgpackr that nobody else has. msgpackr keeps the buffer that it encodes into, and the
// place in it, in variables of its module: a getter or a toJSON of a value that calls any `pack` of the
// same module writes into the middle of the record around it, and nothing tells. So the module is
// loaded once more, past the cache; what the program itself loads is left as it is.

import type * as Msgpackr from 'msgpackr';

function load(): typeof Msgpackr {
  const path = require.resolve('msgpackr');
  const shared = require.cache[path];
  delete require.cache[path];
  try {
    return require(path) as typeof Msgpackr;
  } finally {
    if (shared === undefined) delete require.cache[path];
    else require.cache[path] = shared;
  }
}

export const { Packr, addExtension } = load();
export type Packr = InstanceType<typeof Packr>;
