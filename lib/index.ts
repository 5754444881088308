// The root entry: everything that the rooms export, except `tidemark/testing`.

export * from './checkpoint/index';
export * from './durable/index';
export * from './errors';
export * from './journal/index';
export * from './recovery/index';
export * from './scan/index';
export * from './state/index';
