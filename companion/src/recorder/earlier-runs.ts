import { explainLastRun, parseFlightRecord, type FlightRecord } from '@labkeeper/core';
import type { Death } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { HEARTBEAT_MS } from './flight-log.js';
import { ensureOwnFolder } from './own-folder.js';
import { readRuns, removeRun, type IRun } from './segments.js';

/** A living recorder writes at least this often (a sign of life, and room for a slow disk). */
const SILENCE_MS = HEARTBEAT_MS + 2000;

export interface IEarlierRunsOptions {
  readonly home: string;
  readonly serverName: string;
  readonly serverId: string;
  readonly boot: string;
  readonly clock: IClock;
  readonly log: Log;
  /** Whether a server lives; null = it cannot be seen from here. */
  readonly lives: (serverId: string) => boolean | null;
  /** A container died and this is why; @returns whether it was written down. */
  readonly explained: (death: Death) => Promise<boolean>;
}

/** All runs of one server process: it may have had several companions. */
interface IServerRuns {
  readonly serverId: string;
  readonly runs: IRun[];
  readonly records: FlightRecord[];
}

/**
 * Reads what earlier companions wrote, explains containers that died, and removes what is explained. Records of a
 * server that still lives are left alone.
 */
export async function explainEarlierRuns(options: IEarlierRunsOptions): Promise<void> {
  try {
    const folder = await ensureOwnFolder(options.home, 'flight', options.serverName);
    const unsure: IServerRuns[] = [];
    for (const server of await readServers(folder, options)) {
      const lives = server.serverId === options.serverId ? false : options.lives(server.serverId);
      if (lives === null && isFresh(server, options.clock.wallMs())) {
        unsure.push(server);
      } else if (lives !== true) {
        await finish(server, options);
      }
    }
    if (unsure.length > 0) {
      await new Promise<void>(resolve => void options.clock.after(SILENCE_MS, resolve));
      const later = await readServers(folder, options);
      for (const server of unsure) {
        const now = later.find(other => other.serverId === server.serverId);
        if (now && sizeOf(now) === sizeOf(server)) {
          await finish(now, options);
        }
      }
    }
  } catch (error) {
    options.log(`The last run cannot be explained, its records cannot be read: ${reasonOf(error)}`);
  }
}

async function readServers(folder: string, options: IEarlierRunsOptions): Promise<IServerRuns[]> {
  const servers = new Map<string, IServerRuns>();
  const runs = await readRuns(folder, options.boot, error =>
    options.log(`A flight record was left out: ${reasonOf(error)}`)
  );
  for (const run of runs) {
    const found = run.texts.map(parseFlightRecord).filter(record => record !== null);
    const start = found.find(record => record.kind === 'start');
    // Every segment repeats it; the run began once.
    const records = found.filter(record => record.kind !== 'start' || record === start);
    const serverId = start?.kind === 'start' ? start.serverId : run.boot;
    const server = servers.get(serverId) ?? { serverId, runs: [], records: [] };
    server.runs.push(run);
    // Companions of one server follow one another. Within a run the order of writing counts, not the clock's.
    const isLater = (records[0]?.atMs ?? 0) >= (server.records[0]?.atMs ?? 0);
    server.records.splice(isLater ? server.records.length : 0, 0, ...records);
    servers.set(serverId, server);
  }
  return [...servers.values()];
}

/** Whether the last record is so young that the recorder may live in another container. */
function isFresh(server: IServerRuns, nowMs: number): boolean {
  const last = server.records.at(-1);
  return last !== undefined && Math.abs(nowMs - last.atMs) < SILENCE_MS;
}

function sizeOf(server: IServerRuns): number {
  return server.runs.reduce((sum, run) => sum + run.sizeBytes, 0);
}

async function finish(server: IServerRuns, options: IEarlierRunsOptions): Promise<void> {
  // Its own server lives, so only a companion crashed: there is no container to explain.
  const death =
    server.serverId === options.serverId ? null : explainLastRun(server.records, options.clock.wallMs());
  // What could not be written down stays, to be explained again by the next companion.
  if (death === null || (await options.explained(death))) {
    for (const run of server.runs) {
      await removeRun(run);
    }
  }
}
