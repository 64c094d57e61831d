import type { IClock, ICompanion } from '@labkeeper/labkit';
import type { Reclaim } from '@labkeeper/protocol';
import { Signal } from '@lumino/signaling';
import type { GuardManager } from '../src/guard-manager.js';
import { ReclaimModel } from '../src/reclaim/reclaim-model.js';

const NOTICE: Reclaim = {
  ...{ id: 'n', kind: 'reclaim', deadlineMs: 120_000, givenAtMs: 0, source: 'AWS', withdrawn: false }
};

describe('A notice that is not there any more', () => {
  let boot: string;
  let withdrawn: string[];
  let model: ReclaimModel;
  let say: (reclaims: readonly Reclaim[]) => void;

  beforeEach(() => {
    boot = 'one';
    withdrawn = [];
    const clock: IClock = {
      now: () => 0,
      after: () => ({ isDisposed: false, dispose: () => undefined })
    };
    const companion = {
      get info() {
        return { boot };
      },
      clockAheadMs: 0,
      send: () => true,
      listen: () => ({ isDisposed: false, dispose: () => undefined })
    } as unknown as ICompanion;
    const reclaimed = new Signal<object, readonly Reclaim[]>({});
    const manager = { reclaimed, reclaims: [], guards: [], saveAll: () => Promise.resolve() };
    say = reclaims => reclaimed.emit(reclaims);
    model = new ReclaimModel(manager as unknown as GuardManager, companion, clock);
    model.withdrawn.connect((_, { id }) => withdrawn.push(id));
  });

  it('is told as withdrawn by the server that gave it', () => {
    say([NOTICE]);
    say([]);
    expect(withdrawn).toEqual(['n']);
    expect(model.reclaim).toBeNull();
  });

  it('is cleared without a word where another server is there now', () => {
    say([NOTICE]);
    boot = 'two';
    say([]);
    expect(withdrawn).toEqual([]);
    expect(model.reclaim).toBeNull();
    say([{ ...NOTICE, id: 'm' }]);
    say([]);
    expect(withdrawn).toEqual(['m']);
  });
});
