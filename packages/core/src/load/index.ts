export * from './load-level.js';
