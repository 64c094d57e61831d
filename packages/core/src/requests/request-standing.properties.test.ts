import { REQUEST_KINDS } from '@labkeeper/protocol';
import fc from 'fast-check';
import {
  afterDeed,
  LAPSE_MS,
  newStanding,
  overdue,
  type IRequestStanding,
  type RequestDeed
} from './index.js';

const deed = (): fc.Arbitrary<RequestDeed> =>
  fc.oneof(
    fc
      .constantFrom('approve', 'deny', 'withdraw', 'lapse', 'expire', 'revoke', 'supersede', 'say')
      .map(kind => ({ kind }) as RequestDeed),
    fc
      .option(fc.integer({ min: 0, max: 3 * LAPSE_MS }), { nil: null })
      .map(untilMs => ({ kind: 'activate', untilMs }) as RequestDeed)
  );

/** What several people do: each reads, and some time later does something with the version that she read. */
const step = () =>
  fc.record({
    actor: fc.nat(3),
    what: fc.oneof(fc.constant('read' as const), deed()),
    passMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: LAPSE_MS }))
  });

const DECISIONS = ['approve', 'deny', 'withdraw', 'lapse'];
const ENDS = ['denied', 'withdrawn', 'lapsed', 'expired', 'revoked', 'superseded'];

describe('a request, whoever does what in which order', () => {
  it('is decided once at most, by one who had seen it as it was; its version counts every deed; its end is its end', () => {
    fc.assert(
      fc.property(fc.constantFrom(...REQUEST_KINDS), fc.array(step(), { maxLength: 40 }), (kind, steps) => {
        let standing = newStanding(kind, 0);
        let atMs = 0;
        const seen = new Map<number, number>();
        const done: RequestDeed['kind'][] = [];
        const path: IRequestStanding[] = [standing];
        for (const { actor, what, passMs } of steps) {
          atMs += passMs;
          if (what === 'read') {
            seen.set(actor, standing.version);
            continue;
          }
          const version = seen.get(actor) ?? 1;
          const next = afterDeed(standing, version, what, atMs);
          if (next) {
            expect(version).toBe(standing.version);
            standing = next;
            done.push(what.kind);
            path.push(next);
          }
        }
        expect(done.filter(name => DECISIONS.includes(name)).length).toBeLessThanOrEqual(1);
        expect(standing.version).toBe(1 + done.length);
        const end = path.findIndex(({ state }) => ENDS.includes(state));
        expect(end < 0 || path.slice(end).every(({ state }) => state === path[end]?.state)).toBe(true);
        if (kind === 'help') {
          expect(
            path.some(({ state }) => ['active', 'expired', 'revoked', 'superseded'].includes(state))
          ).toBe(false);
        }
        expect(path.every(({ state, untilMs }) => state === 'active' || untilMs === null)).toBe(true);
      }),
      { numRuns: 2000 }
    );
  });

  it('of two who decide about the same version only the first does', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...REQUEST_KINDS),
        fc.nat(5),
        fc.constantFrom('approve', 'deny', 'withdraw'),
        fc.constantFrom('approve', 'deny', 'withdraw'),
        (kind, messages, first, second) => {
          let standing = newStanding(kind, 0);
          for (let i = 0; i < messages; i += 1) {
            standing = afterDeed(standing, standing.version, { kind: 'say' }, 1) ?? standing;
          }
          const seen = standing.version;
          const after = afterDeed(standing, seen, { kind: first }, 2);
          expect(after?.version).toBe(seen + 1);
          expect(after && afterDeed(after, seen, { kind: second }, 2)).toBeNull();
          expect(after && afterDeed(after, seen + 1, { kind: second }, 2)).toBeNull();
        }
      )
    );
  });

  it('that has lapsed is decided by nobody, also before that is written down', () => {
    const standing = newStanding('package', 1000);
    expect(afterDeed(standing, 1, { kind: 'approve' }, 1000 + LAPSE_MS - 1)?.state).toBe('approved');
    expect(afterDeed(standing, 1, { kind: 'approve' }, 1000 + LAPSE_MS)).toBeNull();
    expect(afterDeed(standing, 1, { kind: 'lapse' }, 1000 + LAPSE_MS - 1)).toBeNull();
    expect(afterDeed(standing, 1, { kind: 'lapse' }, 1000 + LAPSE_MS)?.state).toBe('lapsed');
    expect(overdue({ ...standing, state: 'active', untilMs: 5 }, 5)).toBe('expire');
  });
});
