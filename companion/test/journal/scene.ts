import type { JournalState, RunId } from '@labkeeper/protocol';
import { systemClock, type IClock } from '../../src/clock.js';
import type { IEarlierRun } from '../../src/journal/earlier-run.js';
import { EarlierRuns } from '../../src/journal/earlier-runs.js';
import { HomeDisk, type IJournalDisk } from '../../src/journal/journal-disk.js';
import { JournalStore, type IJournalStoreOptions } from '../../src/journal/journal-store.js';
import type { IRunPeer } from '../../src/journal/open-run.js';

/** A run's id from a small number. */
export function runId(number: number): RunId {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** A page that remembers what it was told. */
export class Page implements IRunPeer {
  readonly acknowledged = new Map<RunId, number>();
  readonly lostRuns: { run: RunId; seq: number }[] = [];
  readonly states: JournalState[] = [];
  isHeld = false;

  durable(run: RunId, seq: number): void {
    this.acknowledged.set(run, seq);
  }

  lost(run: RunId, seq: number): void {
    this.lostRuns.push({ run, seq });
  }

  stateChanged(state: JournalState): void {
    this.states.push(state);
  }

  held(isHeld: boolean): void {
    this.isHeld = isHeld;
  }

  seq(run: RunId): number {
    return this.acknowledged.get(run) ?? 0;
  }

  get trouble(): string | null {
    return this.states.at(-1)?.trouble ?? null;
  }
}

/** A store with one page, in the folder of a home. */
export function openStore(
  disk: IJournalDisk,
  boot: string,
  options: Partial<IJournalStoreOptions> = {}
): { store: JournalStore; page: Page; log: string[] } {
  const log: string[] = [];
  const store = new JournalStore({
    disk,
    boot,
    serverId: 'server',
    clock: systemClock,
    log: line => log.push(line),
    persistent: null,
    ...options
  });
  const page = new Page();
  store.attach(page);
  return { store, page, log };
}

/** A page's run: opens it, and numbers its batches. */
export class Run {
  constructor(
    private readonly store: JournalStore,
    private readonly page: Page,
    readonly id: RunId,
    readonly path = `${id}.ipynb`,
    replaces: RunId | null = null
  ) {
    store.open(page, { run: id, path, kind: 'notebook', replaces, savedAtMs: null });
  }

  seq = 0;
  readonly sent: string[] = [];
  private begun = '';

  /** Sends a part of the next batch, which `send` brings to its end. */
  sendPart(body: string): this {
    this.begun += body;
    this.store.append(this.page, this.id, this.seq + 1, true, Buffer.from(body));
    return this;
  }

  /** Sends the base, and then whatever is given. */
  send(body = this.seq === 0 ? BASE : `{"t":"src","c":0,"v":"${this.seq}"}`): this {
    this.seq += 1;
    this.sent.push(this.begun + body);
    this.begun = '';
    this.store.append(this.page, this.id, this.seq, false, Buffer.from(body));
    return this;
  }
}

export const BASE = `{"t":"base","hash":"${'ab'.repeat(32)}","cells":3}`;

/** What earlier companions left in a home, as a companion of `serverId` finds it. */
export async function earlierOf(
  home: string,
  options: {
    serverId?: string;
    serverName?: string;
    lives?: (id: string) => boolean | null;
    clock?: IClock;
    log?: (line: string) => void;
  } = {}
): Promise<EarlierRuns> {
  const earlier = new EarlierRuns({
    disk: new HomeDisk(home, options.serverName ?? '', 'later'),
    boot: 'later',
    serverId: options.serverId ?? 'later-server',
    lives: options.lives ?? (() => false),
    clock: options.clock ?? systemClock,
    log:
      options.log ??
      (line => {
        throw new Error(line);
      }),
    changed: () => undefined
  });
  await earlier.read();
  return earlier;
}

/** The texts of a run's batches. */
export async function textsOf(run: IEarlierRun | undefined): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of run?.batches() ?? []) {
    texts.push(text);
  }
  return texts;
}
