import type { Death } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import type { DeathList } from '../deaths/death-list.js';
import type { Log } from '../log.js';
import type { DayLedger } from '../notices/day-ledger.js';
import type { IFacts } from '../watch/evidence.js';
import { explainEarlierRuns } from './earlier-runs.js';
import { FlightLog } from './flight-log.js';
import { FlightRecorder } from './flight-recorder.js';
import { PastStore, pastOf } from './past-store.js';
import { serverId, serverLives } from './server-id.js';

export interface IRecordingOptions {
  readonly home: string;
  readonly serverName: string;
  /** null = nobody said: the companion's parent stands for it. */
  readonly serverPid: number | null;
  readonly boot: string;
  readonly clock: IClock;
  readonly log: Log;
  readonly facts: IFacts;
  readonly procRoot: string;
  readonly deaths: DeathList;
  readonly ledger: DayLedger;
  /** Deaths that earlier companions had seen are in the list now. */
  readonly restored: () => void;
  /** A death of an earlier container is to be told now. */
  readonly found: (death: Death) => void;
  /** Whether somebody looks. */
  readonly isWatched: () => boolean;
}

/** Everything on the home volume: the ring of this run, what earlier runs left, deaths and notices of the past. */
export class Recording {
  constructor(private readonly options: IRecordingOptions) {
    const id = serverId(options.procRoot, options.serverPid ?? process.ppid);
    this.recorder = new FlightRecorder({ ...options, serverId: id });
    this.log = new FlightLog({ ...options, sink: this.recorder });
    this.store = new PastStore(options);
    this.serverId = id;
  }

  /** Decides what is written. */
  readonly log: FlightLog;

  start(): void {
    this.log.start();
    this.reading = this.read();
  }

  /** Resolves when the deaths of the past are known, never in a home that hangs; a run may be explained later still. */
  async restored(): Promise<void> {
    await this.reading;
  }

  /** A death while this container lives. */
  died(death: Death): void {
    this.log.died(death.evidence.kernel.kernelId, death.atMs);
    this.keep();
  }

  /** Tells deaths of earlier containers to the pages that look now; once, whatever restarts. */
  tell(): void {
    const untold = this.options.deaths.all.filter(
      death => death.evidence.fromFlightRecorder && !this.told.has(death.id)
    );
    for (const death of untold) {
      this.told.add(death.id);
      this.options.found(death);
    }
    if (untold.length > 0) {
      this.keep();
    }
  }

  /** Writes the past soon. */
  keep(): void {
    void this.save();
  }

  health(): { readonly writes: boolean; readonly bytesWritten: number } {
    return { writes: this.recorder.writes, bytesWritten: this.recorder.bytesWritten };
  }

  async close(): Promise<void> {
    this.log.dispose();
    await Promise.all([this.recorder.close(), this.store.settled()]);
  }

  private async read(): Promise<void> {
    const { deaths, ledger } = this.options;
    const past = await this.store.read();
    past.told.forEach(id => this.told.add(id));
    if (deaths.restore(past.deaths)) {
      this.options.restored();
    }
    ledger.restore(past.notices);
    // Not awaited: a run that may still live elsewhere is looked at again after some seconds.
    void explainEarlierRuns({
      ...this.options,
      serverId: this.serverId,
      lives: id => serverLives(this.options.procRoot, id),
      explained: async death => {
        deaths.put(death);
        if (this.options.isWatched()) {
          this.tell();
        }
        return this.save();
      }
    });
  }

  private save(): Promise<boolean> {
    const { deaths, ledger } = this.options;
    return this.store.save(() => pastOf(deaths.all, this.told, ledger.read()));
  }

  private readonly recorder: FlightRecorder;
  private readonly store: PastStore;
  private readonly serverId: string;
  private readonly told = new Set<string>();
  private reading: Promise<void> | null = null;
}
