import { evidence } from '../evidence.test.data.js';
import { judge } from '../judge.js';
import { deathEvent, eventId } from './death-event.js';
import { ErrorCounts } from './error-counts.js';
import { countedError } from './error-name.js';
import { SaveSummary } from './save-summary.js';

const sha256 = (text: string): string => Buffer.from(text).toString('hex').padEnd(64, '0').slice(-64);

it('tells verdict and numbers of a death', () => {
  const facts = evidence();
  const verdict = judge(facts);
  const death = { id: 'k.1.2', atMs: 7, verdict, evidence: facts, consequence: 'restarted' } as const;
  expect(deathEvent(sha256, death)).toEqual({
    kind: 'death',
    id: eventId(sha256, 'k.1.2'),
    atMs: 7,
    cause: verdict.cause,
    confidence: verdict.confidence,
    memory: verdict.memory,
    consequence: 'restarted',
    signal: 9,
    exitCode: null,
    heldBytes: verdict.heldBytes,
    limitBytes: facts.limitBytes,
    unreclaimableBytes: facts.memoryBefore?.unreclaimableBytes
  });
});

it.each([
  [
    'ModuleNotFoundError',
    "No module named 'sklearn.svm'",
    { class: 'ModuleNotFoundError', module: 'sklearn' }
  ],
  ['ModuleNotFoundError', "No module named 'a b'", { class: 'ModuleNotFoundError', module: null }],
  ['ModuleNotFoundError', 7, { class: 'ModuleNotFoundError', module: null }],
  ['KeyError', "No module named 'x'", { class: 'KeyError', module: null }],
  ['PatientRecordError', 'ada', { class: 'other', module: null }],
  [null, null, { class: 'other', module: null }],
  ['KeyboardInterrupt', '', null]
])('counts %s %s as what everybody may know', (name, value, counted) => {
  expect(countedError(name, value)).toEqual(counted);
});

it('tells apart so many missing modules and no more', () => {
  const counts = new ErrorCounts();
  for (let i = 0; i < 80; i++) {
    counts.add({ class: 'ModuleNotFoundError', module: `m${i}` });
  }
  const counted = counts.look();
  expect([counted.length, counted.at(-1)]).toEqual([
    51,
    { error: { class: 'ModuleNotFoundError', module: null }, count: 30 }
  ]);
  counts.begin();
  expect(counts.look()).toEqual([]);
});

it('measures the age of the oldest change at each save', () => {
  const saves = new SaveSummary();
  expect(saves.look()).toBeNull();
  saves.changed('a', 0);
  saves.changed('a', 900);
  saves.changed('b', 500);
  saves.saved('a', 1000);
  saves.closed('b');
  saves.saved('b', 9000);
  expect(saves.look()).toEqual({ count: 2, worstAgeMs: 1000, notSafe: 0 });
  saves.begin();
  expect(saves.look()).toBeNull();
});
