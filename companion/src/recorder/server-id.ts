import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../failure.js';

/**
 * Names one jupyter_server process among all that ever were: the machine's boot, the process namespace, the process
 * id and when it started. Two companions of the same server have the same; null parts are `-`.
 */
export function serverId(procRoot: string, serverPid: number): string {
  return [
    text(() => readFileSync(join(procRoot, 'sys/kernel/random/boot_id'), 'latin1').trim()),
    text(() => /\d+/.exec(readlinkSync(join(procRoot, 'self/ns/pid')))?.[0] ?? ''),
    String(serverPid),
    text(() => startTicks(procRoot, serverPid))
  ].join(':');
}

/**
 * Whether the server of an id lives. null = it cannot be seen from here: it runs (or ran) in another container or on
 * another machine.
 */
export function serverLives(procRoot: string, id: string): boolean | null {
  const [boot, namespace, pid, ticks] = id.split(':');
  const [ownBoot, ownNamespace] = serverId(procRoot, process.pid).split(':');
  const number = Number(pid);
  if (boot === '-' || boot !== ownBoot || namespace !== ownNamespace || !Number.isInteger(number)) {
    return null;
  }
  return text(() => startTicks(procRoot, number)) === ticks && ticks !== '-';
}

/**
 * Field 22 of /proc/<pid>/stat (proc(5)): when the process started, in ticks since the machine's boot. Empty for one
 * that is dead and only waits to be reaped by its parent.
 */
function startTicks(procRoot: string, pid: number): string {
  const stat = readFileSync(join(procRoot, String(pid), 'stat'), 'latin1');
  // The name in field 2 may hold spaces and brackets: count behind its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ['Z', 'X', 'x'].includes(fields[0] ?? '') ? '' : (fields[19] ?? '');
}

function text(read: () => string): string {
  try {
    return read() || '-';
  } catch (error) {
    if (codeOf(error) === null) {
      throw error;
    }
    // No such process, or no /proc: part of the answer.
    return '-';
  }
}
