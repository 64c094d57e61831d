import { randomUUID } from 'node:crypto';
import { streamEvent, type IRecordEvent } from '@labkeeper/core';
import { AuditDisk } from '../../src/audit/audit-disk.js';
import { Spool, type ISpoolOptions } from '../../src/audit/spool.js';
import { StreamLedger } from '../../src/audit/stream-ledger.js';
import type { IClock } from '../../src/clock.js';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import { FakeClock } from '../fake-clock.js';

/** A record that tells little: what it says does not matter here. */
export const SOMETHING: IRecordEvent = streamEvent('heartbeat', 1_790_000_000_000);

/** A spool in a folder of the test. */
export class SpoolScene {
  constructor(
    readonly home: string,
    more: Partial<ISpoolOptions> = {}
  ) {
    this.boot = more.boot ?? randomUUID();
    this.clock = more.clock ?? new FakeClock(Date.now());
    this.disk = new AuditDisk(home, '', this.boot);
    const serverId = more.serverId ?? 'server';
    this.noted = new HomeDisk(home, '', this.boot, 'streams');
    this.ledger = new StreamLedger({
      ...{ disk: this.noted, serverId, clock: this.clock },
      log: line => this.logged.push(line)
    });
    this.spool = new Spool({
      disk: this.disk,
      boot: this.boot,
      serverId,
      ledger: this.ledger,
      clock: this.clock,
      log: line => this.logged.push(line),
      serverLives: () => false,
      grew: () => this.grew(),
      minute: () => undefined,
      ...more
    });
  }

  readonly boot: string;
  readonly clock: IClock;
  readonly disk: AuditDisk;
  /** Where it is noted which streams there were. */
  readonly noted: HomeDisk;
  readonly ledger: StreamLedger;
  readonly spool: Spool;
  readonly logged: string[] = [];
  grew: () => void = () => undefined;

  /** What the own stream says, action by action; of a gap its cause. */
  async told(): Promise<string[]> {
    return (await readAll(this.spool)).map(record => record.gap?.cause ?? record.action);
  }
}

interface IRead {
  readonly action: string;
  readonly seq: number;
  readonly occurredAtMs: number;
  readonly gap: {
    readonly cause: string;
    readonly count: number | null;
    readonly sinceMs: number | null;
  } | null;
}

/** All records of the own stream, from the disk. */
export async function readAll(spool: Spool): Promise<IRead[]> {
  const records: IRead[] = [];
  let after = { seq: 0, hash: '0'.repeat(64) };
  for (;;) {
    const batch = await spool.own.batch(after, 500);
    if (!batch) {
      return records;
    }
    const lines = batch.body.toString('utf8').split('\n').slice(1);
    for (let at = 0; at + 1 < lines.length; at += 2) {
      records.push(JSON.parse(lines[at] ?? ''));
    }
    after = batch.head;
  }
}
