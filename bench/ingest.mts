// audit.ingest.sqlite, audit.ingest.pg: how many records a second the hub service makes durable for five minutes, on an empty
// database, from companions that send the next batch when the last one was acknowledged. Client, service and database share
// the machine. Batches have 1 to 50 records.
import { setTimeout as pause } from 'node:timers/promises';
import { BenchCompanion } from './lib/audit-companion.mts';
import { startAuditService } from './lib/audit-service.mts';
import { whenQuiet } from './lib/machine.mts';
import { record } from './lib/result.mts';
import { quantile } from './lib/statistics.mts';
import { extent } from './lib/trial.mts';

const COMPANIONS = 64;
const BATCH = { least: 1, most: 50 };
const SECONDS = extent(300, 10);
const ONLY = process.env['LABKEEPER_BENCH_DATABASE'];
const KINDS = (['sqlite', 'pg'] as const).filter(kind => ONLY === undefined || ONLY === kind);

for (const kind of KINDS) {
  await whenQuiet();
  const service = await startAuditService(kind);
  try {
    const companions = Array.from(
      { length: COMPANIONS },
      (_, i) => new BenchCompanion(service.url, `user-${i}`)
    );
    for (const companion of companions) await companion.enter();
    const perSecond = new Array<number>(SECONDS).fill(0);
    const acknowledgedMs: number[] = [];
    const beganAtMs = performance.now();
    const cpuMs = service.cpuMs();
    let isOver = false;
    const senders = companions.map(async companion => {
      while (!isOver) {
        const records = BATCH.least + Math.floor(Math.random() * (BATCH.most - BATCH.least + 1));
        const sentAtMs = performance.now();
        await companion.send(records);
        const nowMs = performance.now();
        acknowledgedMs.push(nowMs - sentAtMs);
        const second = Math.floor((nowMs - beganAtMs) / 1000);
        if (second < SECONDS) perSecond[second] = (perSecond[second] ?? 0) + records;
      }
    });
    await Promise.race([pause(SECONDS * 1000), ...senders]);
    isOver = true;
    await Promise.all(senders);
    const records = perSecond.reduce((sum, count) => sum + count, 0);
    record(
      {
        id: `audit.ingest.${kind}`,
        what: `records a second made durable, ${kind === 'pg' ? 'PostgreSQL' : 'SQLite'}, clients on the same machine, ${SECONDS} s`,
        unit: '/s',
        value: records / SECONDS,
        n: records,
        samples: {
          perSecond,
          ackMs: { p50: quantile(acknowledgedMs, 0.5), p99: quantile(acknowledgedMs, 0.99) },
          serviceCpuUsPerRecord: ((service.cpuMs() - cpuMs) * 1000) / records,
          slowestSecond: Math.min(...perSecond)
        }
      },
      'ingest'
    );
  } finally {
    await service.stop();
  }
}
