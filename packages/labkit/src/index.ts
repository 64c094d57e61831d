export * from './companion.js';
