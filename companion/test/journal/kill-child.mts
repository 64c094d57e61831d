/**
 * Writes a journal as fast as it can until it is killed: `node kill-child.mjs HOME SEED`. What it does and hears goes to
 * standard output at once, one line each: `sent RUN SEQ`, `done RUN` before a run is given up, `ack RUN SEQ`.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/clock.js';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import { JournalStore } from '../../src/journal/journal-store.js';
import { bodyOf } from './kill-body.js';

const [home = '', seed = '1'] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

const store = new JournalStore({
  disk: new HomeDisk(home, '', 'child'),
  boot: `boot-${seed}`,
  serverId: 'child',
  clock: systemClock,
  log: line => say(`log ${line}`),
  persistent: null,
  maxBytes: 256 * 1024
});
const page = {
  durable: (run: string, seq: number) => say(`ack ${run} ${seq}`),
  lost: (run: string, seq: number) => say(`lost ${run} ${seq}`),
  stateChanged: () => undefined,
  held: () => undefined
};
store.attach(page);
store.start();
// The pace would leave most kills nothing to break.
store.hurry(true);

const seqs = new Map<string, number>();
let opened = 0;

function open(replaces: string | null): void {
  opened += 1;
  const run = `${seed.padStart(8, '0')}-${opened}`;
  store.open(page, { run, path: `${run}.ipynb`, kind: 'notebook', replaces, savedAtMs: null });
  seqs.set(run, 0);
  send(run);
}

function send(run: string): void {
  const seq = (seqs.get(run) ?? 0) + 1;
  seqs.set(run, seq);
  say(`sent ${run} ${seq}`);
  store.append(page, run, seq, false, Buffer.from(bodyOf(run, seq)));
}

function step(): void {
  const runs = [...seqs.keys()];
  const run = runs[Math.floor(Math.random() * runs.length)];
  const choice = Math.random();
  if (run === undefined || (choice < 0.1 && runs.length < 6)) {
    open(null);
  } else if (choice < 0.2) {
    say(`done ${run}`);
    const seq = seqs.get(run) ?? 0;
    seqs.delete(run);
    if (choice < 0.13) {
      open(run);
    } else if (choice < 0.17) {
      store.saved(run, seq, null);
    } else {
      store.closed(run);
    }
  } else {
    send(run);
  }
}

say('ready');
for (;;) {
  step();
  // Faster than the disk would only fill the memory.
  while (Math.random() < 0.2 || store.health.waitingBytes > 30_000) {
    await new Promise(resolve => setImmediate(resolve));
  }
}
