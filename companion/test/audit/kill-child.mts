/**
 * Records as fast as it can until it is killed: `node kill-child.mjs HOME BOOT`. After each acknowledgement it says how many
 * records are on the disk.
 */
import { writeSync } from 'node:fs';
import { streamEvent } from '@labkeeper/core';
import { AuditDisk } from '../../src/audit/audit-disk.js';
import { Spool } from '../../src/audit/spool.js';
import { systemClock } from '../../src/clock.js';

const [home = '', boot = ''] = process.argv.slice(2);
const spool = new Spool({
  disk: new AuditDisk(home, '', boot),
  boot,
  serverId: 'child',
  clock: systemClock,
  log: line => void writeSync(1, `log ${line}\n`),
  serverLives: () => false,
  grew: () => undefined,
  minute: () => undefined
});
await spool.start();
for (;;) {
  const count = 1 + Math.floor(Math.random() * 40);
  const events = Array.from({ length: count }, () => streamEvent('heartbeat', Date.now()));
  // Some at the same time: they go to the disk together.
  await Promise.all([spool.record(events), spool.record(events.slice(0, 1))]);
  writeSync(1, `ack ${spool.own.head.seq}\n`);
  if (Math.random() < 0.1) {
    // What the hub acknowledged is removed meanwhile.
    await spool.acknowledged(spool.own, Math.max(0, spool.own.head.seq - 500));
  }
}
