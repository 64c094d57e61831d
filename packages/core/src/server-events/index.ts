export * from './death-event.js';
export * from './error-name.js';
export * from './error-counts.js';
export * from './save-summary.js';
export * from './kernel-tally.js';
export * from './memory-high.js';
export * from './lost-event.js';
