import { join } from 'node:path';
import { playHomes } from './home-machine.mjs';
import { randomFrom } from './inside/random.mjs';
import { Lives } from './lives.mts';
import { PowerMachine } from './power-machine.mjs';

/** Of `inside/homes.mjs`: the same on the disk itself is for `npm run bench -- syncs`, and by `--only`. */
const USUAL = ['slow-home-by-nfs', 'home-by-nfs-hangs-for-a-minute'];
const OTHERS = ['slow-home', 'home-hangs-for-a-minute'];
const POWER = 'power-cut';
/** `npm run bench -- power` cuts it fifty times. */
const CUTS = 3;
/** More than a minute, so that syncs within one can be counted. */
const SECONDS = 75;

/** Everything that is played here, by the names that `--only` takes. */
export const HOME_SCENARIOS = [...USUAL, ...OTHERS, POWER];

/**
 * Homes that are slow, hang, or lose their power.
 *
 * @param only - names of what is played; null = the usual ones.
 * @returns whether all of it came to its end.
 */
export async function playSlowAndDark(reporting, cache, repository, only, onConsole) {
  const homes = only === null ? USUAL : [...USUAL, ...OTHERS].filter(name => only.includes(name));
  const machine = await PowerMachine.build(cache, repository, join(repository, '.venv/bin/python'));
  let isWhole = true;
  try {
    if (homes.length > 0) {
      const order = { only: homes, seconds: SECONDS };
      const lastWords = await playHomes(machine, order, report => reporting.take(report), onConsole);
      isWhole = lastWords === null;
      lastWords?.forEach(line => console.log(`  | ${line}`));
    }
  } finally {
    await machine.remove();
  }
  if (only === null || only.includes(POWER)) {
    await reporting.run({ [POWER]: { run: () => cutPower(machine) } }, { only: null, kills: 1 });
  }
  return isWhole;
}

async function cutPower(first) {
  const machine = await first.another();
  try {
    const seed = String(Date.now());
    const lives = new Lives(machine, randomFrom(seed), {});
    for (let cut = 0; cut <= CUTS; cut += 1) {
      await lives.live(cut === CUTS);
    }
    const { all, lostEdits } = lives;
    if (lostEdits > 0) {
      throw new Error(`seed ${seed}: ${lostEdits} acknowledged edits lost: ${JSON.stringify(all)}`);
    }
    const sum = key => all.reduce((total, life) => total + life[key], 0);
    return { seed, acknowledged: sum('acknowledged'), saved: sum('saved'), recovered: sum('recovered') };
  } finally {
    await machine.remove();
  }
}
