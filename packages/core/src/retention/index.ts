export * from './record-class.js';
export * from './retention-course.js';
export * from './whole-ranges.js';
