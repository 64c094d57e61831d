/**
 * Prints, once a second, what the GPU collector says of this machine, and what `nvidia-smi` costs: for a machine that
 * has a GPU.
 *
 *     npx esbuild companion/test/watch-gpu.mts --bundle --platform=node --format=esm \
 *       --alias:@labkeeper/core=./packages/core/src --alias:@labkeeper/protocol=./packages/protocol/src \
 *       --external:systeminformation --outfile=node_modules/.cache/watch-gpu.mjs &&
 *     node node_modules/.cache/watch-gpu.mjs 20
 *
 * The number is the seconds to watch; default 10.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { createObserver } from '../src/sampling/create-observer.js';

const seconds = Number(process.argv[2] ?? 10);
const lines: string[] = [];
const observer = createObserver({
  homePath: tmpdir(),
  environment: process.env,
  serverPid: process.pid,
  ownPid: process.pid,
  log: line => lines.push(line)
});
try {
  for (let second = 1; second <= seconds; second += 1) {
    await pause(1000);
    const { gpus } = observer.sample(Date.now());
    console.log(JSON.stringify({ second, gpus, child: childCost(), log: lines.splice(0) }));
  }
} finally {
  observer.close();
}

/** CPU in clock ticks, resident pages and threads of our `nvidia-smi`; null = none runs. */
function childCost(): { pid: number; ticks: number; residentPages: number; threads: number } | null {
  for (const entry of readdirSync('/proc')) {
    if (/^\d+$/.test(entry)) {
      const stat = statOf(entry);
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (stat.includes('(nvidia-smi)') && Number(fields[1]) === process.pid) {
        return {
          pid: Number(entry),
          ticks: Number(fields[11]) + Number(fields[12]),
          residentPages: Number(fields[21]),
          threads: Number(fields[17])
        };
      }
    }
  }
  return null;
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}
