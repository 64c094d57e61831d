// journal.syncs: how often the companion forces something to a home where that takes 50 ms, with five documents edited at
// once and the real page's schedule. The home is ext4 on a disk of ours whose flushes are slow, in a virtual machine; once
// directly, and once over the network, by the kernel's own NFS server and client. Every fsync of the process is counted.
import { join } from 'node:path';
import { playHomes } from '../tests/machine/home-machine.mjs';
import { PowerMachine } from '../tests/machine/power-machine.mjs';
import { Unavailable } from '../tests/machine/unavailable.mjs';
import { record } from './lib/result.mts';
import { extent } from './lib/trial.mts';

const SECONDS = extent(300, 100);
const SYNC_MS = 50;
const HOMES = ['slow-home', 'slow-home-by-nfs'];

/** What one home showed, see `tests/machine/inside/homes.mjs`. */
interface IOutcome {
  readonly kind: 'passed' | 'failed';
  readonly name: string;
  readonly why?: string;
  /** Median of the counted syncs, in ms. */
  readonly medianMs: number;
  readonly syncsInWorstMinute: number;
  /** Oldest change that was not safe, from the key on, in ms. */
  readonly worstAgeMs: number;
}

const root = join(import.meta.dirname, '..');
try {
  const machine = await PowerMachine.build(join(root, '.state/machine'), root);
  try {
    const outcomes: IOutcome[] = [];
    const order = { only: HOMES, seconds: SECONDS };
    const lastWords = await playHomes(machine, order, (outcome: IOutcome) => {
      console.error(JSON.stringify(outcome));
      outcomes.push(outcome);
    });
    const failed = outcomes.find(({ kind }) => kind === 'failed');
    if (lastWords || failed || outcomes.length < HOMES.length)
      throw new Error(failed?.why ?? `the machine ended: ${lastWords?.join('\n')}`);
    const other = outcomes.find(({ medianMs }) => medianMs < 0.8 * SYNC_MS || medianMs > 1.5 * SYNC_MS);
    if (other) throw new Error(`a sync took ${other.medianMs} ms, not ${SYNC_MS}: the machine is too busy`);
    const oldestS = Math.max(...outcomes.map(({ worstAgeMs }) => worstAgeMs)) / 1000;
    record(
      {
        id: 'journal.syncs',
        what: `fsyncs per user in the worst minute at ${SYNC_MS} ms each, five documents edited, the worse of ext4 and NFS; no change was unsafe for more than ${oldestS.toFixed(1)} s`,
        unit: '1/min',
        value: Math.max(...outcomes.map(({ syncsInWorstMinute }) => syncsInWorstMinute)),
        n: Math.round((HOMES.length * SECONDS) / 60),
        samples: outcomes
      },
      'syncs'
    );
  } finally {
    await machine.remove();
  }
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.log(`skipped: a machine with a slow home: ${error.message}`);
}
