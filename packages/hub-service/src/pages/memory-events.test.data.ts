import type { Cause } from '@labkeeper/protocol';
import type { IDeathFilter, IDeathRate, IEventRow, IServerEventReader } from '../store/server-events.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CAUSES: readonly Cause[] = ['memory-limit', 'segfault', 'container-killed', 'exited'];
/** A machine and an image whose names are longer than any column. */
const NODE = 'gke-research-cluster-highmem-pool-7f3c9a1e-0b5f.europe-west4-b.c.example.internal';
const IMAGE =
  'registry.example.org/research/team-with-a-long-name/scipy-notebook-cuda12@sha256:' + '0'.repeat(64);

/** Made-up deaths, for pages without a database. */
export class MemoryEvents implements IServerEventReader {
  /** @param nowMs - epoch ms, of the newest. */
  constructor(private readonly nowMs: number) {}

  deaths(_filter: IDeathFilter, before: number | null, limit: number): Promise<readonly IEventRow[]> {
    const newest = before ?? 61;
    return Promise.resolve(
      Array.from({ length: newest - 1 }, (_none, at) => this.row(newest - 1 - at)).slice(0, limit)
    );
  }

  rates(_filter: IDeathFilter, by: 'day' | 'node' | 'image'): Promise<readonly IDeathRate[]> {
    const today = Math.floor(this.nowMs / DAY_MS);
    const names = by === 'day' ? [today, today - 1].map(String) : [by === 'node' ? NODE : IMAGE, null];
    return Promise.resolve(
      names.map((of, at) => ({ of, deaths: 40 - at, kernelHours: at === 0 ? 1234.5 : 0 }))
    );
  }

  ofPerson(): Promise<readonly IEventRow[]> {
    return Promise.resolve([this.row(2), this.row(1)]);
  }

  private row(id: number): IEventRow {
    const atMs = this.nowMs - id * HOUR_MS;
    return {
      ...{ id, atMs, user: id % 7 === 0 ? null : 'bob', server: '' },
      ...{ node: id % 3 === 0 ? null : NODE, image: id % 2 === 0 ? null : IMAGE },
      event: {
        ...{ kind: 'death', id: String(id).padStart(32, '0'), atMs, confidence: 'certain', memory: 'yes' },
        cause: CAUSES[id % CAUSES.length] ?? 'unknown',
        ...{ consequence: 'restarted', signal: 9, exitCode: null, heldBytes: 3e9 },
        ...{ unreclaimableBytes: 4e9, limitBytes: 4e9 }
      }
    };
  }
}
