// audit.lost, audit.twice: 1 000 SIGKILLs of companions, of the hub service on SQLite and on PostgreSQL, and of PostgreSQL
// itself, while records come. Companions are told "recorded" by their spool; other senders forget what has a receipt, and
// send everything else again byte by byte. At the end all of it must be in the log, each record once. The log is read with
// SQLite or psql alone, and records are found by a name that they got before anything of ours saw them.
//
// The same is done with five things broken on purpose, each of which has to be found: a service that acknowledges before it
// commits, a companion that acknowledges before it writes, a service that stores a batch wherever its stream stands, all on
// SQLite; a PostgreSQL that commits before that is on its disk, and one that stores a batch wherever its stream stands.
import { type ILaneOptions, type ILaneResult, runKillLane } from './lib/audit-kill-lane.mts';
import { record } from './lib/result.mts';
import { extent, times } from './lib/trial.mts';

const KILLS = times(1000, 40);
const BROKEN_KILLS = extent(30, 8);

const sum = (lanes: readonly ILaneResult[], what: 'lost' | 'twice' | 'recorded' | 'receipted'): number =>
  lanes.reduce((all, lane) => all + lane[what], 0);

const lanes = await Promise.all([
  runKillLane({
    ...{ kind: 'sqlite', kills: KILLS - Math.floor(0.45 * KILLS) },
    victims: { companion: 0.55, service: 0.45 }
  }),
  runKillLane({
    // They take longest: a database that was killed has to recover.
    ...{ kind: 'pg', kills: Math.floor(0.45 * KILLS) },
    victims: { companion: 0.3, service: 0.25, backend: 0.15, postmaster: 0.15, all: 0.15 }
  })
]);
for (const lane of lanes) console.error(JSON.stringify(lane));
const wrong = lanes.flatMap(lane => [...lane.wrong, ...lane.contradictions]);
if (wrong.length > 0) throw new Error(`the log is not whole: ${wrong.slice(0, 10).join('; ')}`);

const broken = async (
  kind: ILaneOptions['kind'],
  victims: ILaneOptions['victims'],
  sabotage: ILaneOptions['sabotage']
): Promise<ILaneResult> => {
  const lane = await runKillLane({ kind, kills: BROKEN_KILLS, victims, sabotage });
  console.error(JSON.stringify({ kind, sabotage, ...lane }));
  return lane;
};
const early = await broken('sqlite', { service: 1 }, { service: 'early-commit' });
const unwritten = await broken('sqlite', { companion: 1 }, { companion: 'early-write' });
const careless = await broken('sqlite', { service: 1 }, { service: 'any-head' });
const earlyPg = await broken('pg', { all: 1 }, { database: 'early-commit' });
const carelessPg = await broken('pg', { service: 1 }, { database: 'any-head' });
if (
  [early, unwritten].some(({ lost }) => lost === 0) ||
  // It may lose what it knew of a stream before anything of that was acknowledged: then its answer shows it.
  earlyPg.lost + earlyPg.contradictions.length === 0 ||
  careless.twice === 0 ||
  carelessPg.twice === 0
)
  throw new Error('what was broken on purpose was not found: this shows nothing');

const samples = { lanes, broken: { early, unwritten, careless, earlyPg, carelessPg } };
const under = `${KILLS} SIGKILLs of companion, service and database under load (${sum(lanes, 'recorded')} records told as recorded, ${sum(lanes, 'receipted')} with a receipt)`;
record(
  {
    id: 'audit.lost',
    what: `Acknowledged records that are not in the hub's log after ${under}`,
    unit: 'records',
    value: sum(lanes, 'lost'),
    n: KILLS,
    peer: {
      name: `a service that acknowledges before it commits, ${BROKEN_KILLS} kills`,
      value: early.lost
    },
    samples
  },
  'audit-lost'
);
record(
  {
    id: 'audit.twice',
    what: `Records that are in the hub's log more than once after ${under}`,
    unit: 'records',
    value: sum(lanes, 'twice'),
    n: KILLS,
    peer: {
      name: `a service that stores a batch wherever its stream stands, ${BROKEN_KILLS} kills`,
      value: careless.twice
    },
    samples: { seeIn: 'audit.lost' }
  },
  'audit-lost'
);
