// The forms of the addon that the storms run with.

/** As it is published. */
export const plain = {
  name: 'plain',
  command: (command) => command,
  env: () => ({}),
  reports: () => ({ ours: [], foreign: 0 }),
};
