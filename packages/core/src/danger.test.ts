import { inDanger } from './danger.js';

const CALM = { share: 0.5, growthBytesPerSecond: 0, headroomBytes: 1000 };

describe('inDanger', () => {
  it.each([
    ['calm', CALM, false],
    ['at 90 %', { ...CALM, share: 0.9 }, true],
    ['five seconds from the limit', { ...CALM, growthBytesPerSecond: 200 }, true],
    ['ten seconds from the limit', { ...CALM, growthBytesPerSecond: 100 }, false],
    ['growing without a limit', { share: null, growthBytesPerSecond: 1e12, headroomBytes: null }, false]
  ])('%s: %s → %s', (_what, state, expected) => expect(inDanger(state)).toBe(expected));
});
