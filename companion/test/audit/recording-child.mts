/**
 * `node recording-child.mjs OPTIONS`: records until it is killed, and says after each acknowledgement `recorded` and how many
 * of its records are on the disk. With `drains` in OPTIONS it says `sent` when the hub has all that was left before; where
 * that is "only", it ends then.
 */
import { writeSync } from 'node:fs';
import { RecordingCompanion } from './recording-companion.js';

const options = JSON.parse(process.argv[2] ?? '{}');
const say = (line: string): void => void writeSync(1, `${line}\n`);
const companion = new RecordingCompanion({ ...options, log: line => say(`log ${line}`) });
await companion.start();
if (options.drains) {
  await companion.sent();
  say('sent');
}
if (options.drains === 'only') {
  process.exit(0);
}
await companion.record(records => say(`recorded ${records}`));
