import { unsignable, vanishedOf } from './vanished.js';

describe('records that have vanished', () => {
  const without = (...gone: readonly number[]) => {
    const asked: number[] = [];
    return {
      asked,
      missingCount: async (first: number, end: number) => {
        asked.push(end - first);
        return gone.filter(index => index >= first && index < end).length;
      }
    };
  };

  it('are counted a part at a time, and the first of them is named', async () => {
    const log = without(250_123, 250_124, 420_000, 900_000);
    expect(await vanishedOf(log, 7, 800_000)).toEqual({ count: 3, firstIndex: 250_123 });
    expect(Math.max(...log.asked)).toBe(100_000);
    // Each index about three times, those of one part.
    expect(log.asked.length).toBeLessThan(30);
  });

  it('are counted so that others get their turn after each part', async () => {
    let [turns, isOver] = [0, false];
    const turn = (): void => {
      turns += 1;
      if (!isOver) {
        setImmediate(turn);
      }
    };
    setImmediate(turn);
    const log = without(250_123);
    await vanishedOf(log, 0, 1_000_000);
    isOver = true;
    expect(log.asked.length).toBeGreaterThan(25);
    expect(turns).toBeGreaterThanOrEqual(log.asked.length - 1);
  });

  it.each([0, 1, 6, 9])('are found at %i', async index => {
    expect(await vanishedOf(without(index), 0, 10)).toEqual({ count: 1, firstIndex: index });
  });

  it('are none where none are, where the range is empty, and of a log that never loses one', async () => {
    expect(await vanishedOf(without(), 0, 500_000)).toBeNull();
    expect(await vanishedOf(without(3), 3, 3)).toBeNull();
    expect(await vanishedOf({}, 0, 10)).toBeNull();
    expect(await unsignable(without(3), 4, 10)).toBeNull();
  });
});
