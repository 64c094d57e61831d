export * from './fits-pattern.js';
export * from './switches-for.js';
export * from './poll-pace.js';
export * from './events-policy.js';
