/**
 * Recovers what is in a journal, decides about it, and ends: `node kill-child.mjs HOME ROOT DECISION`. Each step goes to
 * standard output at once.
 */
import { writeSync } from 'node:fs';
import { NextBoot } from './flow.js';

const [home = '', root = '', decision = ''] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

const then = new NextBoot(home, root, { changed: recoveries => say(`told ${recoveries.length}`) });
say('begins');
await then.started();
for (const { id } of then.all) {
  if (decision === 'restore' || decision === 'discard' || decision === 'keep-both') {
    say(`decides ${id}`);
    await then.recoveries.decide(id, decision);
    say(`done ${id}`);
  }
}
then.log.forEach(line => say(`log ${line}`));
say('ended');
