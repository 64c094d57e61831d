export * from './fits-pattern.js';
export * from './switches-for.js';
export * from './poll-pace.js';
