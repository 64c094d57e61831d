import type { Cause, LostEvent, ServerEvent } from '@labkeeper/protocol';
import { thousands } from './words.js';

/** Causes of deaths in a few words. */
export const CAUSES: Readonly<Record<Cause, string>> = {
  'memory-limit': 'Memory limit of the server',
  'memory-elsewhere': 'Out of memory outside the server',
  'killed-outside': 'Killed from outside',
  'terminated-outside': 'Ended from outside',
  segfault: 'Segmentation fault',
  'bus-error': 'Bus error',
  'shm-full': 'Shared memory full',
  'illegal-instruction': 'Illegal instruction',
  abort: 'Aborted itself',
  'floating-point': 'Arithmetic fault',
  exited: 'Exited by itself',
  'start-failed': 'Could not start',
  'too-many-processes': 'Process limit',
  'disk-full': 'Disk full',
  'worker-killed': 'A worker was killed',
  'container-killed': 'Whole server killed',
  'container-stopped': 'Whole server stopped',
  'cpu-throttled': 'CPU quota',
  'asked-for': 'Asked for',
  'runs-elsewhere': 'Ran elsewhere',
  unknown: 'Not known'
};

/** What an event is, in a few words. */
export function eventTitle(event: ServerEvent): string {
  switch (event.kind) {
    case 'death':
      return `Kernel died: ${CAUSES[event.cause]}`;
    case 'throttled':
      return 'Cell slowed down by the CPU quota';
    case 'memory-high':
      return 'Memory nearly full for ten minutes';
    case 'saves':
      return 'Saves';
    case 'errors':
      return 'Errors in cells';
    case 'kernels':
      return 'Kernels';
    case 'lost':
      return 'Events are missing';
  }
}

/** Its numbers, in words; '' = it has none. */
export function eventDetail(event: ServerEvent): string {
  switch (event.kind) {
    case 'death':
      return [
        event.confidence === 'none' ? null : `cause ${event.confidence}`,
        event.signal === null ? null : `signal ${event.signal}`,
        event.exitCode === null ? null : `exit code ${event.exitCode}`,
        event.heldBytes === null ? null : `held ${mebibytes(event.heldBytes)}`,
        event.unreclaimableBytes === null ? null : `server had ${mebibytes(event.unreclaimableBytes)} in use`,
        event.limitBytes === null ? null : `limit ${mebibytes(event.limitBytes)}`
      ]
        .filter(part => part !== null)
        .join(', ');
    case 'throttled':
      return `${event.minutes} min${event.share === null ? '' : `, ${Math.round(event.share * 100)} % of the time`}`;
    case 'memory-high':
      return `${mebibytes(event.unreclaimableBytes)} of ${mebibytes(event.limitBytes)}`;
    case 'saves':
      return `${event.count} saved, ${event.notSafe} not safe`;
    case 'errors':
      return `${event.count} × ${event.class}${event.module === null ? '' : ` (${event.module})`}`;
    case 'kernels':
      return `${event.started} started`;
    case 'lost':
      return `${event.count === null ? 'nobody knows how many' : thousands(event.count)}, ${LOST[event.why]}${
        event.sinceMs === null ? '' : `, from ${new Date(event.sinceMs).toISOString()} on`
      }`;
  }
}

/** Why events never come. */
const LOST: Readonly<Record<LostEvent['why'], string>> = {
  full: 'more than a server keeps while the hub is away',
  old: 'too old when the hub was back',
  damaged: 'what the server kept of them was damaged'
};

/** `1,234 MiB`. */
function mebibytes(bytes: number): string {
  return `${thousands(Math.round(bytes / 1024 / 1024))} MiB`;
}
