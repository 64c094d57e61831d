import type { AuditRecord, OwnRow } from '@labkeeper/protocol';
import { isInstall, ownList, type IOwnSources, type ISpooledFacts } from './own-list.js';
import { packageEvent } from './record-event.js';
import { chainRecord, NOTHING_YET } from './record-chain.js';

const BOOT = '6f1c9a52-3b7e-4f0d-9c1a-2d5e8b7a4c10';
const EARLIER = '00000000-3b7e-4f0d-9c1a-2d5e8b7a4c10';
const ENVIRONMENT = { id: '00112233445566ff', kind: 'venv', python: '3.13' } as const;

function row(seq: number, more: Partial<OwnRow> = {}): OwnRow {
  return {
    index: 100 + seq,
    receivedAtMs: 2000,
    occurredAtMs: 1000 + seq,
    action: 'install',
    ecosystem: 'pypi',
    packageName: `package-${seq}`,
    packageVersion: '1',
    tool: 'pip',
    effect: null,
    grade: 'claimed',
    boot: BOOT,
    seq,
    environment: ENVIRONMENT,
    gap: null,
    ...more
  };
}

function record(seq: number): AuditRecord {
  const event = packageEvent({
    action: 'install',
    occurredAtMs: 1000 + seq,
    observedAtMs: 1000 + seq,
    tool: { name: 'uv', version: null },
    environment: ENVIRONMENT,
    package: {
      ...{ ecosystem: 'pypi', name: `package-${seq}`, version: null, requested: null, installer: 'uv' },
      ...{ recordDigest: null, files: null, origin: 'index' }
    },
    personal: null
  });
  const head = { ...NOTHING_YET, seq: seq - 1 };
  return JSON.parse(chainRecord(() => '0'.repeat(64), BOOT, head, event, BOOT).line);
}

function spooled(seq: number, isAcknowledged: boolean, boot = BOOT): ISpooledFacts {
  return { boot, seq, record: record(seq), isAcknowledged };
}

const NOTHING: IOwnSources = {
  ...{ hub: [], isCut: false, spooled: [], most: 10 },
  receiptOf: () => null,
  pathOf: () => null
};

const briefly = (sources: Partial<IOwnSources>): string[] =>
  ownList({ ...NOTHING, ...sources }).records.map(
    ({ id, place, receipt }) => `${id.split(' ')[1]} ${place} ${receipt ?? '-'}`
  );

it('lists what only this server has before what the hub has, and each record once', () => {
  const sources = {
    spooled: [spooled(4, false), spooled(3, true), spooled(2, true)],
    hub: [row(2), row(1)]
  };
  expect(briefly(sources)).toEqual(['4 server -', '3 hub -', '2 hub -', '1 hub -']);
});

it('does not list anew what lies here although the hub listed later ones of its stream', () => {
  expect(briefly({ spooled: [spooled(2, true), spooled(1, true)], hub: [row(3), row(2)] })).toEqual([
    '3 hub -',
    '2 hub -'
  ]);
});

it('keeps streams apart', () => {
  const hub = [row(7, { boot: EARLIER })];
  expect(briefly({ spooled: [spooled(1, false)], hub })).toEqual(['1 server -', '7 hub -']);
});

it('names the receipt of a stream up to where it reaches', () => {
  const receiptOf = (boot: string) => (boot === BOOT ? { short: '8c1f04aa', seq: 2 } : null);
  const hub = [row(2), row(1), row(9, { boot: EARLIER })];
  expect(briefly({ receiptOf, spooled: [spooled(3, true)], hub })).toEqual([
    '3 hub -',
    '2 hub 8c1f04aa',
    '1 hub 8c1f04aa',
    '9 hub -'
  ]);
});

it('leaves signs of life out, and says that there are more than it lists', () => {
  const hub = [row(5, { action: 'heartbeat' }), row(4), row(3), row(2)];
  expect(ownList({ ...NOTHING, hub, most: 3 }).isCut).toBe(false);
  expect(ownList({ ...NOTHING, hub, most: 3, isCut: true }).isCut).toBe(true);
  const cut = ownList({ ...NOTHING, hub, most: 2 });
  expect([cut.records.length, cut.isCut]).toEqual([2, true]);
});

it('tells everything that is known of a record, from either side', () => {
  const pathOf = (id: string) => (id === ENVIRONMENT.id ? '/home/ada/.venv' : null);
  const gap = { cause: 'companion-down', sinceMs: 5, count: null };
  const [own, hub, lost] = ownList({
    ...NOTHING,
    pathOf,
    spooled: [spooled(3, false)],
    hub: [
      row(2),
      row(1, { action: 'gap', gap, packageName: null, tool: null, environment: null, occurredAtMs: null })
    ]
  }).records;
  const environment = { ...ENVIRONMENT, path: '/home/ada/.venv' };
  expect(own).toMatchObject({ tool: 'uv', package: { name: 'package-3', version: null }, environment });
  expect(hub).toMatchObject({ tool: 'pip', package: { name: 'package-2', version: '1' }, environment });
  expect(lost).toMatchObject({ action: 'gap', gap, package: null, environment: null, occurredAtMs: 2000 });
});

it('lists what cannot be read as that', () => {
  const odd = { boot: BOOT, seq: 1, record: null, isAcknowledged: false };
  expect(ownList({ ...NOTHING, spooled: [odd] }).records).toMatchObject([
    { action: 'unreadable', occurredAtMs: null, package: null }
  ]);
});

it.each([
  ['install', true],
  ['upgrade', true],
  ['remove', true],
  ['found-on-disk', true],
  ['altered', true],
  ['message', false],
  ['request', false],
  ['deny', false],
  ['dry-run', false],
  ['gap', false],
  ['unreadable', false]
])('takes %j for an install: %s', (action, expected) => {
  expect(isInstall(action)).toBe(expected);
});
