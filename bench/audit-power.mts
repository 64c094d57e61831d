// audit.power.lost: acknowledged records of the audited log that are lost when a machine (QEMU) loses its power. In it are a
// companion's spool and the hub service on SQLite, on a disk of ours that forgets what was not flushed, or keeps any part of
// it. What was acknowledged leaves the machine by its serial line. Each life brings what is left to the hub, looks with
// SQLite alone for everything that all lives before it acknowledged, and records on until the power goes.
import { join } from 'node:path';
import { AuditLives } from '../tests/machine/audit-lives.mts';
import { randomFrom } from '../tests/machine/inside/random.mjs';
import { PowerMachine } from '../tests/machine/power-machine.mjs';
import { Unavailable } from '../tests/machine/unavailable.mjs';
import { record } from './lib/result.mts';
import { extent, times } from './lib/trial.mts';

const CUTS = times(50, 3);
/** As many with fsync taken away: what the test would find. */
const CONTROLS = extent(5, 2);
/** So many machines live at a time; each has its share of the cuts. */
const MACHINES = extent(3, 1);

const root = join(import.meta.dirname, '..');

async function lives(first: PowerMachine, cuts: number, seed: string, environment = {}): Promise<AuditLives> {
  const machine = await first.another();
  try {
    const lives = new AuditLives(machine, randomFrom(seed), environment);
    for (let cut = 0; cut <= cuts; cut++) {
      const goesOn = await lives.live(cut === cuts);
      console.error(seed, JSON.stringify(lives.all.at(-1)));
      if (!goesOn) break;
    }
    return lives;
  } finally {
    await machine.remove();
  }
}

try {
  const seed = process.env['LABKEEPER_POWER_SEED'] ?? String(Date.now());
  const machine = await PowerMachine.build(join(root, '.state/machine'), root);
  await machine.remove();
  const [control, ...shares] = await Promise.all([
    lives(machine, CONTROLS, `${seed} without fsync`, {
      NODE_OPTIONS: '--import /payload/no-audit-sync.mjs'
    }),
    ...Array.from({ length: MACHINES }, (_, index) =>
      lives(machine, Math.floor((CUTS + index) / MACHINES), `${seed} ${index}`)
    )
  ]);
  const problems = shares.flatMap(share => share.problems);
  if (problems.length > 0) throw new Error(`the log is not whole: ${problems.slice(0, 5).join('\n')}`);
  // A log that cannot be opened any more has lost everything.
  const lostOf = ({ last, problems, acknowledged }: AuditLives): number =>
    Math.max(last?.lost ?? 0, problems.some(what => what.includes('ended by itself')) ? acknowledged : 0);
  if (lostOf(control) === 0) throw new Error('without fsync nothing was lost: this shows nothing');
  const acknowledged = shares.reduce((sum, share) => sum + share.acknowledged, 0);
  record(
    {
      id: 'audit.power.lost',
      what: `Acknowledged records, of ${acknowledged}, that are not in the hub's log after cutting the power of a machine (QEMU) with companion and hub service on SQLite, whose disk forgets what was not flushed`,
      unit: 'records',
      value: shares.reduce((sum, share) => sum + lostOf(share), 0),
      n: CUTS,
      peer: { name: `the same without fsync, ${CONTROLS} cuts`, value: lostOf(control) },
      samples: {
        seed,
        machines: shares.map(({ all, last }) => ({ all, last })),
        withoutFsync: { all: control.all, last: control.last, problems: control.problems }
      }
    },
    'audit-power'
  );
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.log(`skipped: a machine whose power can be cut: ${error.message}`);
}
