import { found, installed } from './installed.test.data.js';
import { Settling, type ILook } from './settling.js';

const NOW = 1_790_000_000_000;
const look = (...list: ReturnType<typeof found>[]): ILook => ({ found: list, aside: [] });

describe('what is just being written', () => {
  it('counts at once at a first look, where it was written long ago', () => {
    const settled = new Settling().look(
      null,
      look(found('a', '1', { changedAtMs: NOW - 60_000, isComplete: false })),
      NOW,
      0
    );
    expect(settled).toEqual({
      installed: [installed('a', '1', { changedAtMs: NOW - 60_000 })],
      isUnsettled: false
    });
  });

  it('counts when it is complete and has been quiet', () => {
    const settling = new Settling();
    const young = found('a', '1', { changedAtMs: NOW });
    expect(settling.look([], look(young), NOW, 0)).toEqual({ installed: [], isUnsettled: true });
    const again = found('a', '1', { changedAtMs: NOW + 400, signature: 'rewritten' });
    expect(settling.look([], look(again), NOW + 450, 450).isUnsettled).toBe(true);
    expect(settling.look([], look(again), NOW + 950, 950)).toMatchObject({
      installed: [{ signature: 'rewritten' }],
      isUnsettled: false
    });
  });

  it('counts after half a minute where nobody says that it is complete', () => {
    const settling = new Settling();
    const one = found('a', '1', { changedAtMs: NOW, isComplete: false });
    expect(settling.look([], look(one), NOW + 20_000, 20_000).isUnsettled).toBe(true);
    expect(settling.look([], look(one), NOW + 31_000, 31_000).installed).toHaveLength(1);
  });

  it('is not removed in the moment between an old version and the new one', () => {
    const settling = new Settling();
    const known = [installed('a', '1')];
    expect(settling.look(known, look(), NOW, 0)).toEqual({ installed: known, isUnsettled: true });
    const next = found('a', '2', { changedAtMs: NOW + 3000 });
    expect(settling.look(known, look(next), NOW + 3000, 3000).installed).toEqual(known);
    expect(settling.look(known, look(next), NOW + 4000, 4000).installed).toMatchObject([{ version: '2' }]);
  });

  it('is removed when it has been away for some seconds, whatever the clock on the wall shows', () => {
    const settling = new Settling();
    const known = [installed('a', '1')];
    expect(settling.look(known, look(), NOW, 0).isUnsettled).toBe(true);
    expect(settling.look(known, look(), NOW + 1e9, 4000).isUnsettled).toBe(true);
    expect(settling.look(known, look(), NOW, 5000)).toEqual({ installed: [], isUnsettled: false });
  });

  it('is as it was while pip keeps the old version aside, but not for ever', () => {
    const settling = new Settling();
    const known = [installed('abc', '1')];
    const aside = [{ folder: '~bc-1.dist-info', changedAtMs: NOW }];
    settling.look(known, { found: [], aside }, NOW, 0);
    expect(settling.look(known, { found: [], aside }, NOW + 60_000, 60_000).installed).toEqual(known);
    expect(settling.look(known, { found: [], aside }, NOW + 700_000, 700_000).installed).toEqual([]);
  });

  it('is nothing where it came and went', () => {
    const settling = new Settling();
    expect(settling.look([], look(found('a', '1', { changedAtMs: NOW })), NOW, 0).isUnsettled).toBe(true);
    expect(settling.look([], look(), NOW + 1000, 1000)).toEqual({ installed: [], isUnsettled: false });
  });
});
