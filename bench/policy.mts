// policy.seconds: from saving labkeeper.toml to the last of 1 000 companions that obeys a switch in it. The service and what
// the companions do with its answers are the real code; the file is changed again and again, a switch off, and on again.
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { SwitchablePart } from '../packages/protocol/lib/index.js';
import { startFleetHub } from './lib/fleet-hub.mts';
import { FleetRun } from './lib/fleet-run.mts';
import { whenQuiet } from './lib/machine.mts';
import { Patience } from './lib/patience.mts';
import { record } from './lib/result.mts';
import { quantile } from './lib/statistics.mts';
import { extent, times } from './lib/trial.mts';

const COMPANIONS = times(1000, 200);
const EDITS = extent(6, 2);
const PART: SwitchablePart = 'meter';
const OFF = `[[switch]]\npart = "${PART}"\nstate = "off"\nreason = "Tried out."\n`;

await whenQuiet();
const hub = await startFleetHub(COMPANIONS);
const run = await FleetRun.start({ hub, port: 26_320, companions: COMPANIONS });
try {
  const edits: { off: boolean; seconds: number[] }[] = [];
  for (let edit = 0; edit < EDITS; edit++) {
    const off = edit % 2 === 0;
    // At any moment between two looks at the file.
    await pause(Math.random() * 5000);
    const savedAtMs = Date.now();
    writeFileSync(run.policyFile, off ? OFF : '');
    const patience = new Patience(120_000);
    let obeyed: (number | null)[];
    do {
      await pause(500);
      obeyed = (await run.report()).told.map(told =>
        told !== null && told.atMs >= savedAtMs && told.off.includes(PART) === off
          ? (told.atMs - savedAtMs) / 1000
          : null
      );
    } while (obeyed.includes(null) && !patience.isOver);
    edits.push({ off, seconds: obeyed.map(seconds => seconds ?? Infinity) });
  }
  const all = edits.flatMap(({ seconds }) => seconds);
  record(
    {
      id: 'policy.seconds',
      what: `from saving the policy file to the last of ${COMPANIONS} companions obeying a switch, worst of ${EDITS} edits`,
      unit: 's',
      value: Math.max(...all),
      n: all.length,
      samples: {
        companions: COMPANIONS,
        edits: edits.map(({ off, seconds }) => ({
          off,
          p50: quantile(seconds, 0.5),
          p99: quantile(seconds, 0.99),
          last: Math.max(...seconds)
        }))
      }
    },
    'policy'
  );
} finally {
  await run.stop();
  hub.close();
}
