import { AUDIT_SCHEMA, type AuditRecord } from '@labkeeper/protocol';
import * as fc from 'fast-check';
import { changeHoldings, holdingEffect, type HoldingEffect, type IHoldingChange } from './holdings.js';
import { NO_HASH } from './sha256.js';

const change = (effect: HoldingEffect, version: string | null, atMs: number, more = {}): IHoldingChange => ({
  ...{ server: 1, environment: 'e', ecosystem: 'pypi', name: 'polars' },
  ...{ effect, version, atMs },
  ...more
});

/** Version and interval of each, in the order in which they began. */
const story = (...changes: IHoldingChange[]) =>
  changeHoldings([], changes).opened.map(({ by, end }) => [by.version, by.atMs, end?.untilMs ?? null]);

describe('who holds what', () => {
  it('is an interval from the record that says so to the one that ends it', () => {
    expect(story(change('beside', '1', 10), change('beside', '1', 20))).toEqual([['1', 10, null]]);
    expect(story(change('beside', '1', 10), change('gone', '1', 20), change('beside', '1', 30))).toEqual([
      ['1', 10, 20],
      ['1', 30, null]
    ]);
    expect(story(change('beside', '1', 10), change('instead', '2', 20))).toEqual([
      ['1', 10, 20],
      ['2', 20, null]
    ]);
  });

  it('is both where two versions lie on the disk', () => {
    const both = [change('beside', '1', 10), change('beside', '2', 11)];
    expect(story(...both, change('gone', '1', 20))).toEqual([
      ['1', 10, 20],
      ['2', 11, null]
    ]);
    expect(story(...both, change('instead', '3', 20), change('gone', '2', 21))).toEqual([
      ['1', 10, 20],
      ['2', 11, 20],
      ['3', 20, null]
    ]);
  });

  it('knows that a version was not known', () => {
    expect(story(change('beside', null, 10), change('beside', '1', 20))).toEqual([
      [null, 10, 20],
      ['1', 20, null]
    ]);
    expect(story(change('beside', '1', 10), change('beside', null, 20))).toEqual([['1', 10, null]]);
    expect(story(change('beside', '1', 10), change('gone', null, 20))).toEqual([['1', 10, 20]]);
  });

  it('never ends before it begins, and keeps places apart', () => {
    expect(story(change('beside', '1', 10), change('gone', '1', 5))).toEqual([['1', 10, 10]]);
    const elsewhere = [{ server: 2 }, { environment: '' }, { ecosystem: 'conda' }, { name: 'numpy' }];
    for (const more of elsewhere) {
      expect(story(change('beside', '1', 10), change('instead', '2', 20, more))).toEqual([
        ['1', 10, null],
        ['2', 20, null]
      ]);
    }
  });

  it('is the same, whether changes come at once or in pieces', () => {
    const some = fc.record({
      server: fc.integer({ min: 1, max: 2 }),
      name: fc.constantFrom('a', 'b'),
      version: fc.constantFrom('1', '2', '3', null),
      effect: fc.constantFrom<HoldingEffect>('beside', 'instead', 'gone')
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 30 }), fc.array(fc.nat(8)), (made, pieces) => {
        const changes = made.map((one, atMs) => change(one.effect, one.version, atMs, one));
        const kept = new Map<IHoldingChange, number | null>();
        const cuts = [...pieces];
        for (let at = 0; at < changes.length;) {
          const piece = changes.slice(at, (at += 1 + (cuts.shift() ?? 0)));
          const held = [...kept].filter(([, until]) => until === null);
          const { closed, opened } = changeHoldings(
            held.map(([by]) => ({ ...by, sinceMs: by.atMs, by })),
            piece
          );
          closed.forEach(({ held: one, untilMs }) => kept.set(one.by, untilMs));
          opened.forEach(({ by, end }) => kept.set(by, end?.untilMs ?? null));
        }
        const { opened } = changeHoldings([], changes);
        expect([...kept]).toEqual(opened.map(({ by, end }) => [by, end?.untilMs ?? null]));
      })
    );
  });
});

describe('what a record changes', () => {
  const record = (more: Partial<AuditRecord>): AuditRecord => ({
    schema: AUDIT_SCHEMA,
    eventId: '0f8fad5b-d9cb-469f-a165-70867728950e',
    boot: '0f8fad5b-d9cb-469f-a165-70867728950e',
    seq: 1,
    prev: NO_HASH,
    occurredAtMs: 1,
    observedAtMs: 1,
    action: 'install',
    personal: null,
    surface: 'unknown',
    tool: null,
    environment: null,
    package: {
      ecosystem: 'pypi',
      name: 'polars',
      version: '1',
      requested: null,
      installer: null,
      recordDigest: null,
      files: null,
      origin: 'unknown'
    },
    decision: null,
    outcome: null,
    evidence: [],
    gap: null,
    ...more
  });

  it.each([
    ['install', 'beside'],
    ['found-on-disk', 'beside'],
    ['upgrade', 'instead'],
    ['remove', 'gone'],
    ['request', null],
    ['deny', null],
    ['dry-run', null],
    ['altered', null]
  ] as const)('%s: %s', (action, effect) => {
    expect(holdingEffect(record({ action }))).toBe(effect);
  });

  it('is nothing where it failed, or names no package', () => {
    expect(holdingEffect(record({ outcome: { ok: false, code: 1 } }))).toBeNull();
    expect(holdingEffect(record({ package: null }))).toBeNull();
  });
});
