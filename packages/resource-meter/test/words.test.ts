import { nullTranslator } from '@jupyterlab/translation';
import type { Verdict } from '@labkeeper/protocol';
import {
  ADVICE,
  CAUSES,
  DEATH_MS,
  exampleDeath,
  exampleEvidence,
  exampleNotice,
  exampleVerdict,
  PROOFS
} from './example-events.js';
import { eventHeadline, explainDeath, explainNotice, type IExplanation } from '../src/deaths/explanation.js';
import { pseudoTranslator } from './pseudo-translator.js';
import { Speech } from '../src/deaths/speech.js';

const GB = 1024 ** 3;
const speech = new Speech(nullTranslator, () => DEATH_MS);

const headlineOf = (
  verdict: Partial<Verdict>,
  evidence: Parameters<typeof exampleEvidence>[0] = {}
): string =>
  eventHeadline(
    exampleDeath({
      verdict: exampleVerdict({ proofs: [], ...verdict }),
      evidence: exampleEvidence(evidence)
    }),
    speech
  );

test.each<[string, Partial<Verdict>]>([
  ['Memory limit exceeded: 8 GB', {}],
  [
    'The machine ran out of memory, not you: you used 2.1 of 8 GB',
    {
      cause: 'memory-elsewhere',
      proofs: [{ kind: 'not-memory', usedBytes: 2.1 * GB, limitBytes: 8 * GB }]
    }
  ],
  ['Stopped from outside (signal 9), not by the memory limit', { cause: 'killed-outside', memory: 'no' }],
  ['Stopped from outside (signal 9)', { cause: 'killed-outside', memory: 'unknown' }],
  ['Crashed in native code: segmentation fault', { cause: 'segfault' }],
  ['/dev/shm is full (64 MB)', { cause: 'shm-full' }],
  ['The program ended itself with code 3', { cause: 'exited', proofs: [{ kind: 'exit-code', code: 3 }] }],
  ['A worker process was killed; the kernel still runs and may wait for ever', { cause: 'worker-killed' }],
  [
    'CPU throttled for 5 minutes',
    { cause: 'cpu-throttled', proofs: [{ kind: 'throttled', share: 0.9, forMs: 301_000 }] }
  ],
  [
    'The kernel died; what we saw does not tell why',
    { cause: 'unknown', confidence: 'none', memory: 'unknown' }
  ],
  ['The whole container was stopped: memory limit exceeded (8 GB)', { cause: 'container-killed' }],
  [
    'The whole container was stopped while its memory was full: 7.9 of 8 GB',
    {
      cause: 'container-killed',
      confidence: 'medium',
      proofs: [{ kind: 'last-sample', atMs: DEATH_MS, unreclaimableBytes: 7.9 * GB, limitBytes: 8 * GB }]
    }
  ],
  [
    'The kernel could not start: the module ipykernel is missing',
    { cause: 'start-failed', advice: [{ kind: 'fix-start', module: 'ipykernel' }] }
  ]
])('says "%s"', (expected, verdict) => {
  expect(headlineOf(verdict)).toBe(expected);
});

test('no number is invented where none is known', () => {
  const nothing = { limitBytes: null, memoryBefore: null, shm: null, home: null, processes: null } as const;
  const headlines = CAUSES.map(cause =>
    headlineOf({ cause, memory: 'unknown' }, { ...nothing, exit: { how: 'unknown' } })
  );
  for (const headline of headlines) {
    expect(headline).not.toMatch(/undefined|null|NaN|%\d/);
  }
  expect(headlines).toContain('Memory limit exceeded');
  expect(headlines).toContain('The program ended itself');
});

test('the dialog says what happened, the proof and what helps', () => {
  const explanation = explainDeath(exampleDeath(), null, false, speech);
  expect(explanation.lead).toMatch(/^The kernel of analysis\.ipynb was stopped by the system at .*03:21/);
  expect(explanation.proofs.map(proof => proof.text)).toEqual([
    "The container's limit is 8 GB; 7.9 GB could not be freed.",
    'This kernel held 6.9 GB.',
    "The system's out-of-memory counter of this container went from 0 to 1.",
    'The kernel ended with signal 9 (SIGKILL).',
    'The kernel had been busy for 3 min 12 s.'
  ]);
  expect(explanation.advice).toContain('Use the 922 MB that load.ipynb holds: it has been idle for 2 h.');
  expect(explanation.actions).toEqual([
    expect.objectContaining({ kind: 'shut-down', kernelId: 'kernel-2', title: 'load.ipynb' })
  ]);
});

test('the cell that ran takes the place of the busy time, which bounds its run', () => {
  const explanation = explainDeath(exampleDeath(), { executionCount: 14, ranForMs: 195_000 }, false, speech);
  expect(explanation.proofs.filter(proof => proof.isCell)).toEqual([
    { text: 'Cell [14] had run for 3 min 12 s.', isCell: true }
  ]);
  expect(explanation.proofs.some(proof => proof.text.includes('busy'))).toBe(false);
});

test('that it was not memory is said with the numbers, once', () => {
  const fromEvidence = explainDeath(
    exampleDeath({
      verdict: exampleVerdict({ cause: 'segfault', memory: 'no', proofs: [{ kind: 'signal', signal: 11 }] }),
      evidence: exampleEvidence({
        memoryBefore: {
          atMs: DEATH_MS,
          usageBytes: 3 * GB,
          unreclaimableBytes: Math.round(2.1 * GB),
          cacheBytes: 0
        }
      })
    }),
    null,
    false,
    speech
  );
  expect(fromEvidence.proofs[0]?.text).toBe('This was not memory: 2.1 of 8 GB was in use.');

  const fromProof = explainDeath(
    exampleDeath({
      verdict: exampleVerdict({
        cause: 'segfault',
        memory: 'no',
        proofs: [{ kind: 'not-memory', usedBytes: 2.1 * GB, limitBytes: 8 * GB }]
      })
    }),
    null,
    false,
    speech
  );
  expect(fromProof.proofs.filter(proof => proof.text.includes('not memory'))).toHaveLength(1);
});

test.each([
  ['pending', 'Its variables are gone.'],
  ['restarting', 'It is restarting; its variables are gone.'],
  ['restarted', 'The kernel has restarted; its variables are gone.'],
  ['gave-up', 'It will not be restarted by itself; its variables are gone.']
] as const)('after %s it says "%s"', (consequence, sentence) => {
  expect(explainDeath(exampleDeath({ consequence }), null, true, speech).consequence).toBe(sentence);
});

test('a kernel that was given up can be started where its document is open', () => {
  const given = exampleDeath({ consequence: 'gave-up' });
  expect(explainDeath(given, null, true, speech).actions[0]).toEqual({ kind: 'start' });
  expect(explainDeath(given, null, false, speech).actions).not.toContainEqual({ kind: 'start' });
});

test('a row of deaths says how many', () => {
  const death = exampleDeath({ evidence: exampleEvidence({ series: 4 }) });
  expect(explainDeath(death, null, false, speech).lead).toMatch(/analysis\.ipynb died 4 times in a row/);
});

test('a notice that is over offers nothing to do', () => {
  expect(explainNotice(exampleNotice(), speech).actions).toEqual([
    { kind: 'interrupt', kernelId: 'kernel-1', title: 'analysis.ipynb' }
  ]);
  const over = explainNotice(exampleNotice({ over: true }), speech);
  expect(over.actions).toEqual([]);
  expect(over.consequence).toBe('It is over now.');
});

test.each([
  ['English', nullTranslator],
  ['the pseudo-language', pseudoTranslator]
])('every cause, proof and advice has whole sentences in %s', (name, translator) => {
  const tongue = new Speech(translator, () => DEATH_MS);
  for (const cause of CAUSES) {
    for (const memory of ['yes', 'no', 'unknown'] as const) {
      for (const consequence of ['pending', 'restarting', 'restarted', 'gave-up', 'none'] as const) {
        const verdict = exampleVerdict({
          cause,
          memory,
          confidence: 'medium',
          proofs: PROOFS,
          advice: ADVICE
        });
        const death = explainDeath(exampleDeath({ verdict, consequence }), null, true, tongue);
        const notice = explainNotice(exampleNotice({ verdict }), tongue);
        expect(death.proofs.length).toBeGreaterThanOrEqual(PROOFS.length);
        expect(death.advice).toHaveLength(ADVICE.length);
        for (const sentence of [...sentences(death), ...sentences(notice)]) {
          expect(sentence).not.toMatch(/undefined|null|NaN|%\d/);
          if (name !== 'English') {
            expect(sentence).toMatch(/^⟦.*⟧$/s);
          }
        }
      }
    }
  }
});

function sentences(explanation: IExplanation): string[] {
  return [
    explanation.headline,
    explanation.lead,
    explanation.consequence,
    ...explanation.proofs.map(proof => proof.text),
    ...explanation.advice
  ].filter(sentence => sentence !== '');
}
