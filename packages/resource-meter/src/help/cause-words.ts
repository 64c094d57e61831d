import type { TranslationBundle } from '@jupyterlab/translation';
import type { Cause } from '@labkeeper/protocol';

/** What it can have been instead, in a researcher's words. */
export function causeWords(trans: TranslationBundle): readonly (readonly [Cause, string])[] {
  return [
    ['memory-limit', trans.__('My memory limit was reached')],
    ['memory-elsewhere', trans.__('The machine ran out of memory')],
    ['killed-outside', trans.__('Somebody or something stopped it')],
    ['segfault', trans.__('A library crashed')],
    ['exited', trans.__('My program ended itself')],
    ['start-failed', trans.__('The kernel could not start')],
    ['worker-killed', trans.__('Only a worker process was gone')],
    ['shm-full', trans.__('/dev/shm was full')],
    ['disk-full', trans.__('The disk was full')],
    ['too-many-processes', trans.__('Too many processes')],
    ['cpu-throttled', trans.__('The CPU was throttled')],
    ['container-killed', trans.__('The whole server was stopped')],
    ['asked-for', trans.__('I did it myself')],
    ['unknown', trans.__('I do not know')]
  ];
}
