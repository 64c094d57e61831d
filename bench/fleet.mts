// fleet.cpu, fleet.rss: what one replica of the hub service costs on PostgreSQL while 10 000 companions are connected, each
// with its long poll, a record a minute and its signs of life. fleet.reconnect: how long it takes until all are back after
// a restart, by the companions' own back-off. The companions are the companion's own code (bench/lib/fleet-companion.mts).
import { FleetRun } from './lib/fleet-run.mts';
import { startFleetHub } from './lib/fleet-hub.mts';
import { whenQuiet } from './lib/machine.mts';
import { record } from './lib/result.mts';
import { extent, times } from './lib/trial.mts';

const COMPANIONS = times(10_000, 500);
const STEADY_S = extent(180, 60);

await whenQuiet();
const hub = await startFleetHub(COMPANIONS);
const run = await FleetRun.start({ hub, port: 26_300, companions: COMPANIONS });
try {
  const steady = await run.steady(STEADY_S);
  const samples = { ...steady, companions: COMPANIONS };
  const what = `${COMPANIONS} connected companions, each with its long poll and a record a minute, one replica, PostgreSQL, ${STEADY_S} s`;
  record(
    {
      ...{ id: 'fleet.cpu', what: `CPU of the service with ${what}`, unit: '%' },
      ...{ value: steady.cpuPercent, n: COMPANIONS, samples }
    },
    'fleet'
  );
  record(
    {
      ...{ id: 'fleet.rss', what: `highest resident memory of the service with ${what}`, unit: 'MB' },
      ...{ value: Math.max(...steady.rssMb), n: COMPANIONS, samples }
    },
    'fleet'
  );
  // An update, and a crash that somebody mends after a while: then the pauses between tries are at their longest.
  const update = await run.restart('SIGTERM', 0);
  const crash = await run.restart('SIGKILL', extent(90, 15));
  record(
    {
      id: 'fleet.reconnect',
      what: `until the last of ${COMPANIONS} companions is back: after a restart, and after an outage of ${crash.downS} s, whichever is longer`,
      unit: 's',
      value: Math.max(update.backS, crash.backS),
      n: 2 * COMPANIONS,
      samples: { update, crash }
    },
    'fleet'
  );
} finally {
  await run.stop();
  hub.close();
}
