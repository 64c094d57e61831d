import { nullTranslator } from '@jupyterlab/translation';
import { Quantities } from '@labkeeper/labkit';
import type { AuditState, ListedRecord } from '@labkeeper/protocol';
import { InstallWords } from '../src/words.js';
import { listed, NOW_MS, WELL } from './examples.js';

const words = new InstallWords(nullTranslator.load('labkeeper'), new Quantities(nullTranslator));

test.each<[string, Partial<ListedRecord>]>([
  ['Installed numpy 2.3.1', {}],
  ['Installed numpy', { package: { name: 'numpy', version: null } }],
  ['Installed a package', { package: null }],
  ['Upgraded to numpy 2.3.1', { action: 'upgrade' }],
  ['Removed numpy 2.3.1', { action: 'remove' }],
  ['Found on disk: numpy 2.3.1', { action: 'found-on-disk' }],
  ['Asked for numpy 2.3.1', { action: 'request' }],
  ['Asked at the hub', { action: 'request', package: null }],
  ['Message at the hub about numpy 2.3.1', { action: 'message' }],
  ['Message at the hub', { action: 'message', package: null }],
  ['Declined at the hub', { action: 'deny', package: null }],
  ['Gap in the record', { action: 'gap', package: null }],
  ['A record that could not be read', { action: 'unreadable', package: null }],
  ['Something else (teleported)', { action: 'teleported' }]
])('says "%s"', (text, more) => {
  expect(words.headline(listed(more))).toBe(text);
});

test('says through what and where, as far as that is known', () => {
  expect(words.facts(listed())).toEqual(['pip', '/home/ada/.venv (Python 3.13)']);
  const environment = { id: '00112233445566ff', kind: 'conda', python: null, path: null } as const;
  expect(words.facts(listed({ environment }))).toEqual(['pip', 'a conda environment']);
  expect(words.facts(listed({ tool: null, environment: null }))).toEqual([]);
});

test.each<[string, Partial<ListedRecord>, boolean]>([
  ['Recorded, receipt 8c1f04aa', {}, true],
  ['Recorded at the hub', { receipt: null }, true],
  ['On this server only, not yet at the hub', { place: 'server', receipt: null }, true],
  ['Recorded on this server only', { place: 'server', receipt: null }, false]
])('says where a record is: %s', (text, more, keepsHub) => {
  expect(words.standing(listed(more), keepsHub)).toBe(text);
});

test('says why something is missing, and since when', () => {
  const gap = (cause: string, sinceMs: number | null) =>
    words.gap(listed({ action: 'gap', gap: { cause, sinceMs, count: null } }), NOW_MS);
  expect(gap('clock-step', null)).toBe('The clock of this server jumped.');
  expect(gap('switched-off', null)).toMatch(/^Your hub’s policy switched the recording/);
  expect(gap('companion-down', NOW_MS - 60_000)).toMatch(
    /^Labkeeper was not running, so nobody looked\. Since .+\.$/
  );
  expect(gap('of-a-newer-kind', null)).toBeNull();
  expect(words.gap(listed(), NOW_MS)).toBeNull();
});

test.each<[RegExp, Partial<AuditState>]>([
  [/^Everything is recorded at the hub\. Last receipt: 8c1f04aa, .+\.$/, {}],
  [/^Your hub has switched the recording of installs off: .+ Since .+\.$/, { switchedOffSinceMs: NOW_MS }],
  [/^1 record is on its way/, { waiting: 1 }],
  [/^3 records are on their way/, { waiting: 3 }],
  [/^The hub has not been asked yet/, { receipt: null }],
  [/does not answer now\. It has all/, { problem: { kind: 'hub', detail: '' } }],
  [/does not answer now\. 2 records wait/, { problem: { kind: 'hub', detail: '' }, waiting: 2 }],
  [/cannot be recorded: the disk/, { problem: { kind: 'disk', detail: '' } }],
  [/cannot be recorded: there is no room/, { problem: { kind: 'full', detail: '' } }],
  [/^Your hub keeps no install log\. What is installed is recorded on this server only/, { mode: 'server' }],
  [/^Your hub keeps no install log, so nothing is recorded/, { mode: 'off' }]
])('says how the log stands: %s', (text, more) => {
  expect(words.summary({ ...WELL, ...more }, NOW_MS)).toMatch(text);
});
