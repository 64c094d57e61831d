export * from './may-decide.js';
export * from './request-standing.js';
export * from './request-subject.js';
