// term.lost: real stops. Is everything that a page was told is in the journal in the recovered notebook after the next
// start? Half of the stops are SIGTERM to the server and, one second later, SIGKILL to all that is left, as Kubernetes
// does with a grace of 1 s; half are `docker stop` of a real container, with Docker's default and with 1 s.
import { record } from './lib/result.mts';
import { KillLog } from './lib/kill-log.mts';
import { ContainerHost } from './lib/stopped-container.mts';
import { StopLane } from './lib/stop-lane.mts';
import { GroupHost } from './lib/stopped-group.mts';
import { times } from './lib/trial.mts';

const STOPS = times(100, 6);
const inContainers = Math.ceil(STOPS / 2);

// So that no server is left behind.
process.once('SIGTERM', () => process.exit(143));

const group = new KillLog('SIGTERM, after 1 s SIGKILL', STOPS - inContainers);
const container = new KillLog('docker stop', inContainers);
const engine = await ContainerHost.openEngine();
try {
  await Promise.all([
    new StopLane(new GroupHost(), group).run(),
    new StopLane(new ContainerHost(engine, 'a'), container).run()
  ]);
} finally {
  await engine.close();
}
const parts = [group, container].map(log => log.summary());
parts.forEach(part => console.log(part));
const losses = [...group.losses, ...container.losses];
record(
  {
    id: 'term.lost',
    what: `Acknowledged journal entries missing after a stop: ${group.events} × SIGTERM and after 1 s SIGKILL, ${container.events} × docker stop, half of them with -t 1`,
    unit: 'entries',
    value: losses.reduce((sum, { missing }) => sum + missing, 0),
    n: group.events + container.events,
    samples: parts
  },
  'term'
);
process.exitCode = losses.length > 0 ? 1 : 0;
