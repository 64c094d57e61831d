import { nullTranslator } from '@jupyterlab/translation';
import { Quantities } from '@labkeeper/labkit';
import type { KernelLoss, Receipt, Reclaim } from '@labkeeper/protocol';
import { LossWords } from '../src/reclaim/loss-words.js';
import { ReclaimWords } from '../src/reclaim/reclaim-words.js';
import { ReportWords } from '../src/reclaim/report-words.js';

const trans = nullTranslator.load('labkeeper');
const say = new Quantities(nullTranslator);
const words = new ReclaimWords(trans);
const losses = new LossWords(trans, say);
const NOW = 1_764_150_000_000;

const notice = (more: Partial<Reclaim> = {}): Reclaim => ({
  ...{ id: 'n', kind: 'reclaim', deadlineMs: NOW + 107_000, givenAtMs: NOW, source: 'AWS', withdrawn: false },
  ...more
});
const loss = (more: Partial<KernelLoss> = {}): KernelLoss => ({
  ...{ kernelId: 'k', title: 'a.ipynb', path: 'work/a.ipynb', busy: false, memoryBytes: 1.2 * 1024 ** 3 },
  variables: {
    asOfMs: NOW - 12_000,
    items: [
      { name: 'df', type: 'DataFrame', bytes: 3.1 * 1024 ** 3 },
      { name: 'x', type: 'int', bytes: 28 },
      { name: 'model', type: 'Model', bytes: null }
    ],
    count: 3
  },
  ...{ why: null, checkpoint: null },
  ...more
});

describe('The headline', () => {
  it.each([
    [notice(), 'This machine will be reclaimed in 1:47.'],
    [notice({ deadlineMs: NOW + 3_661_000 }), 'This machine will be reclaimed in 1:01:01.'],
    [notice({ deadlineMs: NOW - 5000 }), 'This machine will be reclaimed in 0:00.'],
    [notice({ deadlineMs: null }), 'This machine may be reclaimed any moment.'],
    [notice({ kind: 'maintenance' }), 'This machine will be stopped for maintenance in 1:47.'],
    [
      notice({ kind: 'maintenance', memoryKept: true }),
      'This machine is moved in 1:47, and stands still for a moment. Memory is kept.'
    ],
    [
      notice({ kind: 'cull' }),
      'This server was idle for long and will be stopped in 1:47, unless you work in it.'
    ]
  ])('says what and when', (reclaim, sentence) => {
    expect(words.headline(reclaim, NOW)).toBe(sentence);
  });
});

describe('The end of the last server', () => {
  it('is told as far as it is known', () => {
    const ended = 'The server before this one ended after a notice.';
    expect(words.lastEnd(0, '12:03:07')).toBe(`${ended} Nothing was unsafe at 12:03:07.`);
    expect(words.lastEnd(1, '12:03:07')).toBe(
      `${ended} 1 document had changes at 12:03:07 that were not safe.`
    );
    expect(words.lastEnd(2, '12:03:07')).toBe(
      `${ended} 2 documents had changes at 12:03:07 that were not safe.`
    );
  });
});

describe('What kernels hold', () => {
  it('is summed up by the largest variables, with their age', () => {
    expect(losses.summary([loss()], NOW)).toBe(
      'The variables of one kernel will be lost: df 3.1 GB, x 28 B, … (as of 12 s ago).'
    );
    expect(losses.summary([loss(), loss({ variables: null, why: 'busy' })], NOW)).toContain(
      'The variables of 2 kernels will be lost: df'
    );
    expect(losses.summary([loss({ variables: null, why: 'busy' })], NOW)).toBe(
      'The variables of one kernel will be lost: write out what took long to compute.'
    );
    expect(losses.summary([], NOW)).toBe('');
  });

  it.each([
    ['busy', 'busy, 1.2 GB of memory; its variables are not known while it works'],
    ['language', 'busy, 1.2 GB of memory; variables are known of Python kernels only'],
    ['no-answer', 'busy, 1.2 GB of memory; it did not say which variables it has'],
    ['asking', 'busy, 1.2 GB of memory; its variables are being asked for'],
    ['not-asked', 'busy, 1.2 GB of memory; its variables are not asked for']
  ] as const)('is not known, and why (%s)', (why, sentence) => {
    expect(losses.kernel(loss({ busy: true, variables: null, why }), NOW)).toBe(sentence);
  });

  it.each([
    ['waiting', null, 'Checkpoint cells of a.ipynb: waiting for the kernel, which is busy'],
    ['running', null, 'Checkpoint cells of a.ipynb: running'],
    ['failed', 'OSError: full', 'Checkpoint cells of a.ipynb: failed: OSError: full'],
    ['failed', null, 'Checkpoint cells of a.ipynb: failed, the kernel did not say why'],
    ['late', null, 'Checkpoint cells of a.ipynb: not done in time']
  ] as const)('and how its checkpoint cells stand (%s, %s)', (state, problem, sentence) => {
    expect(losses.checkpoint(loss({ checkpoint: { cells: 2, state, atMs: NOW, problem } }), NOW)).toBe(
      sentence
    );
  });
});

it('Checkpoint cells that are left out are told with what they may be', () => {
  expect(losses.leftOut('a.ipynb', 1)).toContain(
    'One checkpoint cell of “a.ipynb” will not be run at a notice: such a cell may have 65,536 characters'
  );
});

describe('The report', () => {
  const receipt = (more: Partial<Receipt> = {}): Receipt => ({
    ...{ reclaim: notice(), atMs: NOW + 100_000, safeAfterMs: 620 },
    documents: [{ path: 'a|b.ipynb', lostMs: 0, place: 'journal' }],
    kernels: [loss()],
    ...more
  });

  it('says of an end how it stood last, of a trial what would have been lost', () => {
    const report = new ReportWords(trans, say).report(receipt());
    expect(report).toContain('# Receipt of a reclaim');
    expect(report).toContain('The notice came 1 min 47 s before the end');
    expect(report).toContain('It came from: AWS.');
    expect(report).toContain('Everything was safe 0.6 s after the notice.');
    expect(report).toContain('| a\\|b.ipynb | nothing | in the journal |');
    const at = say.moment(NOW + 100_000);
    expect(report).toContain('| Document | Not safe then | Where it is |');
    expect(report).toContain(`Nothing was unsafe at ${at}.`);
    expect(report).not.toContain('was lost.');
    const documents = [{ path: 'a.ipynb', lostMs: 4000, place: 'browser' as const }];
    expect(new ReportWords(trans, say).report(receipt({ documents }))).toContain(
      `1 document had changes at ${at} that were not safe.`
    );
    expect(report).toContain('| df | DataFrame | 3.1 GB |');
    const trial = new ReportWords(trans, say).report(receipt({ reclaim: notice({ kind: 'trial' }) }));
    expect(trial).toContain('# Trial of a reclaim');
    expect(trial).toContain('No change to a document would have been lost.');
    expect(trial).not.toContain('It came from');
  });

  it('lets no name of somebody else’s be more than text', () => {
    const items = [{ name: '<img src=x>', type: '[a](javascript:b)', bytes: 1 }];
    const report = new ReportWords(trans, say).report(
      receipt({ kernels: [loss({ variables: { asOfMs: NOW, items, count: 9 } })] })
    );
    expect(report).toContain('| \\<img src=x\\> | \\[a\\]\\(javascript:b\\) | 1 B |');
    expect(report).toContain('And 8 more.');
  });
});
