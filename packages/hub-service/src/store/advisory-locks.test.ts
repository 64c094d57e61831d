import { ADVISORY_LOCKS } from './advisory-locks.js';

it('each job has a lock of its own', () => {
  const numbers = Object.values(ADVISORY_LOCKS);
  expect(new Set(numbers).size).toBe(numbers.length);
});
