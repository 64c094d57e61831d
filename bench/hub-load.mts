// fleet.hub.cpu: what a real JupyterHub 6.1.1 spends on the tokens of 10 000 connected companions: tickets, checks of tokens,
// and the list of running servers that the service reads. Users, tokens and servers are rows of its database, made by its own
// classes (bench/lib/fill_hub.py). What the hub spends without Labkeeper is measured before, and taken away.
import { FleetRun } from './lib/fleet-run.mts';
import { FullHub } from './lib/full-hub.mts';
import { whenQuiet } from './lib/machine.mts';
import { record } from './lib/result.mts';
import { extent, isTrial, times } from './lib/trial.mts';

const COMPANIONS = times(10_000, 1000);
const IDLE_S = extent(60, 10);
/** Longer than a ticket lives (600 s, renewed after 540 s): each companion renews its own once in it. */
const STEADY_S = extent(660, 48);
/** A hub, a service and all companions share the machine that measures: slow enough that nobody is told to come later. */
const STARTS_PER_SECOND = 25;
const SETTLING_MS = 300_000;

await whenQuiet();
const hub = await FullHub.start(COMPANIONS, 26_330);
try {
  await hub.settled();
  const idlePercent = await hub.cpuPercent(IDLE_S);
  const run = await FleetRun.start({
    hub,
    port: 26_335,
    companions: COMPANIONS,
    startsPerSecond: STARTS_PER_SECOND,
    settlingMs: SETTLING_MS
  });
  try {
    const [beganMs, usedMs] = [performance.now(), hub.cpuMs()];
    const steady = await run.steady(STEADY_S);
    const renewedTickets = steady.answers['ticket 200'] ?? 0;
    if (!isTrial && renewedTickets === 0)
      throw new Error('no ticket was renewed while it was measured: this shows nothing');
    const busyPercent = ((hub.cpuMs() - usedMs) / (performance.now() - beganMs)) * 100;
    record(
      {
        id: 'fleet.hub.cpu',
        what: `CPU of a real JupyterHub 6.1.1 for the tokens of ${COMPANIONS} connected companions, ${STEADY_S} s, in which ${renewedTickets} tickets were renewed`,
        unit: '%',
        value: busyPercent - idlePercent,
        n: COMPANIONS,
        samples: {
          ...{ idlePercent, busyPercent, renewedTickets },
          ...{ servicePercent: steady.cpuPercent, answers: steady.answers }
        }
      },
      'hub-load'
    );
  } finally {
    await run.stop();
  }
} finally {
  await hub.stop();
}
