import { isDeepStrictEqual } from 'node:util';
import { readKeptEvents, type KeptEvent } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import { codeOf, reasonOf } from '../failure.js';
import type { HubFolder } from '../hub/hub-folder.js';
import type { Log } from '../log.js';
import type { IEventRun } from './event-queue.js';

/** Longest file that is read: a companion begins a new one at half of that. */
const READ_BYTES = 512 * 1024;
/** What is older is not sent any more, ms: the hub would soon delete it. */
const OLD_MS = 7 * 86_400_000;
const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,6})\.events$/;

/** What the files of an earlier run hold. */
export interface IEarlierRun extends IEventRun {
  readonly names: readonly string[];
  readonly bytes: number;
  /** Events that it no longer pays to send. */
  readonly old: readonly KeptEvent[];
  /** Lines that are none; Infinity = a whole file is none. */
  readonly damaged: number;
}

export interface IEarlierEventsOptions {
  readonly folder: HubFolder;
  /** Runs of this companion. */
  readonly boots: readonly string[];
  /** Names the server process. */
  readonly serverId: string;
  /** Whether a server lives; null = it cannot be seen from here. */
  readonly serverLives: (serverId: string) => boolean | null;
  readonly clock: IClock;
  readonly log: Log;
}

/** The name of the `number`th file of a run. */
export function eventsName(boot: string, number: number): string {
  return `${boot}.${number}.events`;
}

/** Reads what earlier runs kept. @throws the system's error where the folder cannot be read. */
export async function findEarlierEvents(options: IEarlierEventsOptions): Promise<IEarlierRun[]> {
  const files = new Map<string, string[]>();
  for (const name of await options.folder.names()) {
    const [, boot] = NAME.exec(name) ?? [];
    if (boot !== undefined && !options.boots.includes(boot)) {
      files.set(boot, [...(files.get(boot) ?? []), name]);
    }
  }
  const found: IEarlierRun[] = [];
  for (const [boot, names] of files) {
    // What is in a later file stands for what the ones before it say under the same number.
    names.sort((a, b) => numberOf(a) - numberOf(b));
    const run = await readRun(options, boot, names);
    if (run) {
      found.push(run);
    }
  }
  return found;
}

/** Epoch ms; 0 = there are none. */
export function newest(events: readonly KeptEvent[]): number {
  return Math.max(0, ...events.map(({ event }) => event.atMs));
}

/** Epoch ms; null = there are none. */
export function oldest(events: readonly KeptEvent[]): number | null {
  return events.length === 0 ? null : Math.min(...events.map(({ event }) => event.atMs));
}

function numberOf(name: string): number {
  return Number(NAME.exec(name)?.[2]);
}

/** @returns null = it is left as it is: a companion that lives writes it, or it cannot be read now. */
async function readRun(
  options: IEarlierEventsOptions,
  boot: string,
  names: readonly string[]
): Promise<IEarlierRun | null> {
  const { folder, clock, log, serverId, serverLives } = options;
  const events = new Map<number, KeptEvent>();
  let [bytes, damaged, image]: [number, number, string | null] = [0, 0, null];
  for (const name of names) {
    try {
      const text = (await folder.read(name, READ_BYTES)) ?? '';
      const kept = readKeptEvents(text);
      if (kept === null || kept.head.boot !== boot || !isDeepStrictEqual(kept.head.place, folder.place)) {
        damaged = Infinity;
        log(
          `Events that an earlier companion kept in ${name} are damaged or another hub's: they are left out.`
        );
        continue;
      }
      // A server has one companion at a time: of ours it is this one.
      if (kept.head.serverId !== serverId && serverLives(kept.head.serverId) === true) {
        return null;
      }
      bytes += Buffer.byteLength(text);
      damaged += kept.damaged;
      ({ image } = kept.head);
      kept.events.forEach(event => events.set(event.seq, event));
    } catch (error) {
      if (codeOf(error) !== null) {
        // The disk's failure is not the file's: the next start may read it.
        log(
          `Events that an earlier companion kept in ${name} cannot be read now, and wait for the next start: ${reasonOf(error)}`
        );
        return null;
      }
      damaged = Infinity;
      log(`Events that an earlier companion kept in ${name} cannot be read: ${reasonOf(error)}`);
    }
  }
  const isOld = ({ event }: KeptEvent): boolean => clock.wallMs() - event.atMs > OLD_MS;
  const all = [...events.values()];
  return {
    ...{ boot, image, names, bytes, damaged },
    events: all.filter(event => !isOld(event)),
    old: all.filter(isOld)
  };
}
