import { unwatchedSinceMs } from './run-gap.js';

describe('the time in which nobody looked', () => {
  it.each([
    ['nobody was there before', [], null],
    ['a server was stopped in order', [{ serverId: 'old', lastMs: 5, closed: true }], null],
    ['a container vanished', [{ serverId: 'old', lastMs: 5, closed: false }], 5],
    ['the companion of this server was ended', [{ serverId: 'now', lastMs: 5, closed: true }], 5],
    [
      'the last of several was killed',
      [
        { serverId: 'old', lastMs: 9, closed: false },
        { serverId: 'older', lastMs: 5, closed: true }
      ],
      9
    ],
    [
      'the last of several was stopped in order',
      [
        { serverId: 'older', lastMs: 5, closed: false },
        { serverId: 'old', lastMs: 9, closed: true }
      ],
      null
    ]
  ])('where %s', (_what, earlier, sinceMs) => {
    expect(unwatchedSinceMs(earlier, 'now')).toBe(sinceMs);
  });
});
