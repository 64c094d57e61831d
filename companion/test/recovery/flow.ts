import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalRecord, Recovery, RunId } from '@labkeeper/protocol';
import { systemClock, type IClock } from '../../src/clock.js';
import { EarlierRuns } from '../../src/journal/earlier-runs.js';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import type { JournalStore } from '../../src/journal/journal-store.js';
import { Recoveries, type IRecoveriesOptions } from '../../src/recovery/recoveries.js';
import { recoverDocument } from '../../src/recovery/recover-document.js';
import { RecoveryState } from '../../src/recovery/recovery-state.js';
import { openStore } from '../journal/scene.js';
import { linesOf } from './notebooks.js';

export interface IWork {
  readonly run: RunId;
  readonly path: string;
  readonly batches: readonly (readonly JournalRecord[])[];
  readonly replaces?: RunId;
}

/** A companion with pages that write runs to its journal, until it is gone. */
export async function boot(
  home: string,
  name: string,
  work: readonly IWork[],
  options: { readonly serverId?: string; readonly then?: (store: JournalStore) => void } = {}
): Promise<void> {
  const { store, page } = openStore(new HomeDisk(home, '', name), name, {
    serverId: options.serverId ?? name
  });
  for (const { run, path, batches, replaces } of work) {
    const kind = path.endsWith('.ipynb') ? 'notebook' : 'text';
    store.open(page, { run, path, kind, replaces: replaces ?? null, savedAtMs: null });
    batches.forEach((records, index) =>
      store.append(page, run, index + 1, false, Buffer.from(linesOf(records)))
    );
  }
  options.then?.(store);
  await store.flush();
  store.dispose();
}

/** The next companion, as far as it recovers. */
export class NextBoot {
  constructor(
    readonly home: string,
    readonly rootDir: string,
    options: Partial<IRecoveriesOptions> & { readonly serverId?: string; readonly clock?: IClock } = {}
  ) {
    const { serverId = 'next', clock = systemClock, ...more } = options;
    const unique = randomUUID();
    const disk = new HomeDisk(home, '', unique);
    this.earlier = new EarlierRuns({
      disk,
      boot: 'next',
      serverId,
      lives: () => false,
      clock,
      log: line => void this.log.push(line),
      changed: () => this.recoveries.earlierChanged()
    });
    this.state = new RecoveryState(`${disk.folder}.recoveries`, unique, line => void this.log.push(line));
    this.recoveries = new Recoveries({
      earlier: this.earlier,
      state: this.state,
      rootDir,
      prepare: run => recoverDocument(run, rootDir),
      localTime: () => '2026-11-26 10.41',
      clock,
      log: line => void this.log.push(line),
      changed: recoveries => void this.published.push(recoveries),
      ...more
    });
  }

  /** Starts, and waits until all is done. */
  async started(): Promise<this> {
    this.recoveries.start();
    await this.recoveries.settled();
    // What was put in turn meanwhile.
    await this.recoveries.settled();
    return this;
  }

  get all(): readonly Recovery[] {
    return this.recoveries.all;
  }

  get only(): Recovery {
    const [first, second] = this.all;
    if (!first || second) {
      throw new Error(`${this.all.length} recoveries; ${this.log.join('; ')}`);
    }
    return first;
  }

  /** What is left in the journal. */
  get journal(): string[] {
    return readdirSync(join(this.home, '.local/share/labkeeper/journal/default'));
  }

  readonly earlier: EarlierRuns;
  readonly state: RecoveryState;
  readonly recoveries: Recoveries;
  readonly published: (readonly Recovery[])[] = [];
  readonly log: string[] = [];
}
