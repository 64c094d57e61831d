// audit.ack.p99: how long a batch waits for its receipt while 5 000 records a second come for five minutes, on PostgreSQL.
// Open loop: batches of 1 to 50 records are due by the clock, whatever became of those before, and time runs from then on,
// so that a service which stands still is charged with all that waits. Clients and database share the machine.
import { setTimeout as pause } from 'node:timers/promises';
import { BenchCompanion } from './lib/audit-companion.mts';
import { startAuditService } from './lib/audit-service.mts';
import { whenQuiet } from './lib/machine.mts';
import { record } from './lib/result.mts';
import { quantile } from './lib/statistics.mts';
import { extent } from './lib/trial.mts';

const COMPANIONS = 200;
const PER_SECOND = 5000;
const BATCH = { least: 1, most: 50 };
const SECONDS = extent(300, 10);
/** Companions are known and the service is warm before the clock starts. */
const WARM_SECONDS = 5;

await whenQuiet();
const service = await startAuditService('pg');
try {
  const companions = Array.from(
    { length: COMPANIONS },
    (_, i) => new BenchCompanion(service.url, `user-${i}`)
  );
  for (const companion of companions) await companion.enter();
  const underWay = companions.map((): Promise<void> => Promise.resolve());
  const beganAtMs = performance.now();
  const waitedMs: number[] = [];
  let [sent, cpuMs, measured] = [0, 0, 0];
  const until = beganAtMs + (WARM_SECONDS + SECONDS) * 1000;
  for (let dueAtMs = beganAtMs; dueAtMs < until; sent++) {
    const early = dueAtMs - performance.now();
    if (early > 0) await pause(early);
    const records = BATCH.least + Math.floor(Math.random() * (BATCH.most - BATCH.least + 1));
    const isMeasured = dueAtMs >= beganAtMs + WARM_SECONDS * 1000;
    if (isMeasured) {
      cpuMs ||= service.cpuMs();
      measured += records;
    }
    const companion = sent % COMPANIONS;
    const wasDueAtMs = dueAtMs;
    // One of a companion's batches is under way at a time, as ever; the next one waits, and that counts.
    underWay[companion] = underWay[companion]!.then(async () => {
      await companions[companion]!.send(records);
      if (isMeasured) waitedMs.push(performance.now() - wasDueAtMs);
    });
    underWay[companion].catch(() => undefined);
    dueAtMs += (records / PER_SECOND) * 1000;
  }
  await Promise.all(underWay);
  const tookSeconds = (performance.now() - beganAtMs) / 1000 - WARM_SECONDS;
  record(
    {
      id: 'audit.ack.p99',
      what: `ms from the moment a batch is due to its receipt, p99, ${PER_SECOND} records/s open loop, PostgreSQL, clients on the same machine, ${SECONDS} s`,
      unit: 'ms',
      value: quantile(waitedMs, 0.99),
      n: waitedMs.length,
      samples: {
        ...{ p50: quantile(waitedMs, 0.5), p95: quantile(waitedMs, 0.95), worst: Math.max(...waitedMs) },
        ...{ recordsPerSecond: measured / tookSeconds },
        serviceCpuUsPerRecord: ((service.cpuMs() - cpuMs) * 1000) / measured
      }
    },
    'ack'
  );
} finally {
  await service.stop();
}
