import { ReceivedTimes } from './received-times.js';

describe('received times', () => {
  it('keep the earliest of each digest, wherever in it that stands', () => {
    const times = new ReceivedTimes();
    times.add(0, 0, 9_000_000);
    times.add(1, 0, 1000);
    times.add(2, null, 5000);
    times.add(3, 1, 9_000_001);
    expect([...times.earliest]).toEqual([
      [0, 1000],
      [1, 9_000_001]
    ]);
  });

  it('that go back by more than clocks differ are said, the worst of them', () => {
    const times = new ReceivedTimes();
    [3_600_000, 3_590_000, 1_800_000, 60_000, 3_600_000].forEach((ms, index) => times.add(index, null, ms));
    expect(times.results()).toMatchObject([
      {
        kind: 'received',
        verdict: 'late',
        what: expect.stringMatching(/^Record 3 says that it came 59 minutes/)
      }
    ]);
  });

  it('of replicas, seconds apart, are nothing', () => {
    const times = new ReceivedTimes();
    [10_000, 5000, 12_000, 9000].forEach((ms, index) => times.add(index, null, ms));
    expect(times.results()).toEqual([]);
  });
});
