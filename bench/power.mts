// power.lost: acknowledged edits lost when a machine (QEMU) loses its power. Its home is ext4 on a disk of ours that forgets
// what was not flushed, or keeps any part of it. Each life looks for what the ones before have acknowledged, restores it,
// and works on until the power goes again; sometimes that is in the middle of recovering.
import { join } from 'node:path';
import { PowerMachine } from '../tests/machine/power-machine.mjs';
import { Lives } from '../tests/machine/lives.mts';
import { Unavailable } from '../tests/machine/unavailable.mjs';
import { randomFrom } from '../tests/machine/inside/random.mjs';
import { record } from './lib/result.mts';
import { extent, times } from './lib/trial.mts';

const CUTS = times(50, 3);
/** As many with fsync taken away: what the test would find. */
const CONTROLS = extent(5, 3);

/** So many machines live at a time; each has its share of the cuts. */
const MACHINES = 3;

const root = join(import.meta.dirname, '..');

async function lives(first: PowerMachine, cuts: number, seed: string, environment = {}): Promise<Lives> {
  const machine = await first.another();
  try {
    const lives = new Lives(machine, randomFrom(seed), environment);
    for (let cut = 0; cut <= cuts; cut++) {
      const life = await lives.live(cut === cuts);
      console.error(seed, JSON.stringify(life));
    }
    return lives;
  } finally {
    await machine.remove();
  }
}

const sum = (all: readonly Lives[]): number => all.reduce((edits, { lostEdits }) => edits + lostEdits, 0);

try {
  const seed = process.env['LABKEEPER_POWER_SEED'] ?? String(Date.now());
  const machine = await PowerMachine.build(
    join(root, '.state/machine'),
    root,
    join(root, '.venv/bin/python')
  );
  await machine.remove();
  const [control, ...shares] = await Promise.all([
    lives(machine, CONTROLS, `${seed} without fsync`, { NODE_OPTIONS: '--import /payload/no-sync.mjs' }),
    ...Array.from({ length: MACHINES }, (_, index) =>
      lives(machine, Math.floor((CUTS + index) / MACHINES), `${seed} ${index}`)
    )
  ]);
  if (control.lostEdits === 0) throw new Error('without fsync nothing was lost: this shows nothing');
  record(
    {
      id: 'power.lost',
      what: 'Acknowledged edits lost by cutting the power of a machine (QEMU) whose disk forgets what was not flushed',
      unit: 'edits',
      value: sum(shares),
      n: CUTS,
      peer: { name: `the same without fsync, ${CONTROLS} cuts`, value: control.lostEdits },
      samples: { seed, machines: shares.map(({ all }) => all), withoutFsync: control.all }
    },
    'power'
  );
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.log(`skipped: a machine whose power can be cut: ${error.message}`);
}
