import { MissingPlaces, type IStreamLack } from './missing-places.js';

const lack = (
  stream: string,
  after: readonly [index: number, seq: number],
  next: readonly [index: number, seq: number]
): IStreamLack => ({
  ...{ stream, boot: `run of ${stream}`, afterIndex: after[0], afterSeq: after[1] },
  ...{ index: next[0], seq: next[1] }
});
const places = (
  missing: readonly (readonly [number, number])[],
  lacks: readonly IStreamLack[],
  deletedBetween: (first: number, end: number) => number = () => 0
) => {
  const all = new MissingPlaces(deletedBetween);
  missing.forEach(([first, end]) => all.missing(first, end));
  lacks.forEach(one => all.lacks(one));
  return all.summary(true).first;
};
const of = (stream: string, firstSeq: number) => ({ stream, boot: `run of ${stream}`, firstSeq });

describe('where missing records belong', () => {
  it('is told for the first 200 lacks, and how many more there are', () => {
    const all = new MissingPlaces(() => 0);
    for (let at = 0; at < 230; at++) {
      all.missing(10 * at + 1, 10 * at + 2);
      all.lacks(lack(`s${at}`, [10 * at, 1], [10 * at + 2, 3]));
    }
    const { count, first, moreLacks } = all.summary(true);
    expect({ count, listed: first.length, moreLacks }).toEqual({ count: 230, listed: 200, moreLacks: 30 });
  });

  it('is told by a stream that lacks as many as are missing between its neighbours', () => {
    expect(places([[812, 813]], [lack('a', [800, 13], [830, 15])])).toEqual([
      { first: 812, end: 813, of: of('a', 14), streams: [] }
    ]);
    expect(
      places(
        [
          [3, 4],
          [7, 9]
        ],
        [lack('a', [-1, 0], [9, 4])]
      )
    ).toEqual([
      { first: 3, end: 4, of: of('a', 1), streams: [] },
      { first: 7, end: 9, of: of('a', 2), streams: [] }
    ]);
  });

  it('may follow from where another one belongs', () => {
    // Both lie between the neighbours of b, which lacks one; a lacks one, and only the first can be it.
    expect(
      places(
        [
          [5, 6],
          [8, 9]
        ],
        [lack('b', [1, 1], [20, 3]), lack('a', [4, 7], [7, 9])]
      )
    ).toEqual([
      { first: 5, end: 6, of: of('a', 8), streams: [] },
      { first: 8, end: 9, of: of('b', 2), streams: [] }
    ]);
    expect(places([[5, 7]], [lack('a', [4, 7], [6, 9]), lack('b', [1, 1], [20, 3])])).toEqual([
      { first: 5, end: 6, of: of('a', 8), streams: [] },
      { first: 6, end: 7, of: of('b', 2), streams: [] }
    ]);
  });

  it('is not known where more are missing than one stream lacks, and who may be meant is said', () => {
    expect(places([[5, 7]], [lack('a', [1, 1], [20, 3])])).toEqual([
      { first: 5, end: 7, of: null, streams: ['a'] }
    ]);
    expect(places([[5, 7]], [lack('a', [1, 1], [20, 3]), lack('b', [2, 1], [21, 3])])).toEqual([
      { first: 5, end: 7, of: null, streams: ['a', 'b'] }
    ]);
  });

  it('is not known of the last one of a stream', () => {
    expect(places([[5, 6]], [])).toEqual([{ first: 5, end: 6, of: null, streams: [] }]);
    expect(places([[5, 6]], [lack('a', [6, 1], [9, 3])])).toMatchObject([{ of: null, streams: [] }]);
  });

  it('counts what retention deleted between the neighbours', () => {
    const deleted = (first: number, end: number): number => (first <= 4 && end > 4 ? 1 : 0);
    expect(places([[6, 7]], [lack('a', [2, 1], [9, 4])], deleted)).toMatchObject([{ of: of('a', 3) }]);
    expect(places([[6, 7]], [lack('a', [2, 1], [9, 3])], deleted)).toMatchObject([{ of: null }]);
    expect(places([[3, 7]], [lack('a', [2, 1], [9, 7])], deleted)).toMatchObject([{ of: null }]);
  });

  it('holds some hundreds, and infers nothing from what it does not hold', () => {
    const all = new MissingPlaces(() => 0);
    for (let index = 0; index < 1000; index += 2) {
      all.missing(index, index + 1);
    }
    all.lacks(lack('a', [-1, 0], [1, 2]));
    all.lacks(lack('b', [1, 1], [900, 201]));
    const { count, first } = all.summary(true);
    expect(count).toBe(500);
    expect(first[0]).toEqual({ first: 0, end: 1, of: of('a', 1), streams: [] });
    expect(first.slice(1).every(({ of: place }) => place === null)).toBe(true);
    // It goes on behind what is held, and lacks records there all the same.
    expect(first[1]).toMatchObject({ first: 2, streams: ['b'] });
    expect(first[199]).toMatchObject({ first: 398, streams: ['b'] });
  });

  it('is not told where what streams lack contradicts itself, and who may be meant is said', () => {
    // One is missing, and each of them says that it is its own.
    expect(places([[5, 6]], [lack('a', [1, 1], [20, 3]), lack('b', [2, 1], [21, 3])])).toEqual([
      { first: 5, end: 6, of: null, streams: ['a', 'b'] }
    ]);
    // Then what seems to be sure elsewhere is not.
    expect(
      places(
        [
          [5, 6],
          [30, 31]
        ],
        [lack('a', [1, 1], [9, 3]), lack('b', [2, 1], [9, 3]), lack('c', [29, 1], [31, 3])]
      )
    ).toMatchObject([
      { of: null, streams: ['a', 'b'] },
      { of: null, streams: ['c'] }
    ]);
  });

  it('is not told where more was done than taking records away', () => {
    const all = new MissingPlaces(() => 0);
    all.missing(812, 813);
    all.lacks(lack('a', [800, 13], [830, 15]));
    expect(all.summary(false).first).toEqual([{ first: 812, end: 813, of: null, streams: ['a'] }]);
  });
});
