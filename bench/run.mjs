// `npm run bench`: the quick set; `npm run bench -- NAME…`: these; `npm run bench -- all`: everything (about two hours).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeTable } from './lib/result.mts';

/** Each bench is one file, writes the figures of its ids, and is named for them. `quick`: in the set without arguments. */
const BENCHES = {
  bundle: { quick: true, figures: 'bundle.start.gzip' },
  sample: { quick: true, figures: 'meter.sample.ratio, meter.sample.ratio.4g' },
  total: { quick: true, figures: 'meter.total.ratio' },
  status: { quick: true, figures: 'server.cpu.ratio' },
  pipe: { quick: true, figures: 'pipe.slowtab.growth' },
  charge: { quick: true, figures: 'companion.charge' },
  activate: { quick: true, figures: 'lab.activate' },
  companion: { quick: false, figures: 'companion.cpu.idle, companion.cpu.watched, companion.anon' },
  dialog: { quick: false, figures: 'death.dialog.p50, death.dialog.p95' },
  verdicts: { quick: false, figures: 'verdict.wrong, verdict.unknown' },
  victim: { quick: false, figures: 'victim.server' },
  group: { quick: false, figures: 'death.group.unexplained' },
  honest: { quick: false, figures: 'notices.honest' },
  first: { quick: false, figures: 'start.first, first.verdict' },
  activity: { quick: false, figures: 'activity.ours' },
  lost: { quick: false, figures: 'save.lost' },
  journal: { quick: false, figures: 'journal.bytes, journal.cpu' },
  ages: {
    quick: false,
    figures: 'save.age.1m, save.age.hidden, save.age.stream, save.age.slow, save.file.age'
  },
  large: {
    quick: false,
    figures: 'save.age.100m, save.duty, save.server.growth, save.block.p99'
  },
  block: { quick: false, figures: 'save.file.block' },
  notice: { quick: false, figures: 'notice.safe' },
  oom: { quick: false, figures: 'save.oom.caused' },
  crash: { quick: false, figures: 'crash.lost' },
  term: { quick: false, figures: 'term.lost' },
  syncs: { quick: false, figures: 'journal.syncs' },
  power: { quick: false, figures: 'power.lost' },
  ingest: { quick: false, figures: 'audit.ingest.sqlite, audit.ingest.pg' },
  verify: { quick: false, figures: 'audit.export, audit.verify' },
  record: { quick: true, figures: 'record.latency, record.cpu' },
  'audit-lost': { quick: false, figures: 'audit.lost, audit.twice' },
  'audit-power': { quick: false, figures: 'audit.power.lost' },
  ack: { quick: false, figures: 'audit.ack.p99' },
  fleet: { quick: false, figures: 'fleet.cpu, fleet.rss, fleet.reconnect' },
  'hub-load': { quick: false, figures: 'fleet.hub.cpu' },
  policy: { quick: false, figures: 'policy.seconds' },
  revoke: { quick: false, figures: 'revoke.seconds' },
  search: { quick: false, figures: 'audit.search.p95' },
  forged: { quick: false, figures: 'forged.history' },
  'index-page': { quick: false, figures: 'index.page.p95, index.page.cpu, index.304.p95' },
  'index-rss': { quick: false, figures: 'index.rss' },
  'index-herd': { quick: false, figures: 'index.herd' },
  'index-concurrent': { quick: false, figures: 'index.concurrent.failures' },
  'index-tools': {
    quick: false,
    figures:
      'index.pip.ratio, index.uv.ratio, index.pip.cold.ratio, index.uv.cold.ratio, index.pipplan.ratio, index.uvplan.ratio'
  }
};

const wanted = process.argv.slice(2);
const names = wanted.includes('all')
  ? Object.keys(BENCHES)
  : wanted.length > 0
    ? wanted
    : Object.keys(BENCHES).filter(name => BENCHES[name].quick);
for (const name of names) {
  if (!Object.hasOwn(BENCHES, name)) {
    console.error(`"${name}" is no benchmark; there are:`);
    for (const [known, { figures }] of Object.entries(BENCHES))
      console.error(`  ${known.padEnd(10)} ${figures}`);
    process.exit(2);
  }
}
let failed = 0;
for (const name of names) {
  const file = `bench/${name}.mts`;
  if (!existsSync(file)) {
    console.error(`${name}: not written yet`);
    failed++;
    continue;
  }
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit' });
  if (status !== 0) failed++;
}
writeTable();
process.exitCode = failed > 0 ? 1 : 0;
