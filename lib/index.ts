// The root entry: everything that the rooms export, except `tidemark/testing`.

export * from './errors';
