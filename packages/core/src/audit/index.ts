export * from './sha256.js';
export * from './canonical-json.js';
export * from './merkle-tree.js';
export * from './merkle-levels.js';
export * from './log-entry.js';
export * from './digest.js';
export * from './grade.js';
export * from './verify/index.js';
