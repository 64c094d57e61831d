// A hub service with its database and its companions, of which one after the other gets SIGKILL while records come.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, portOf, startHub } from './audit-service.mts';
import { BlindSender } from './blind-sender.mts';
import { buildRecorder, KillableCompanion } from './killable-companion.mts';
import { KillableService } from './killable-service.mts';
import { OwnCluster } from './own-cluster.mts';
import { checkLog, type ILogCheck } from './stored-log.mts';

const COMPANIONS = 3;
const SENDERS = 3;
/** How long something lives after it came back, ms: sometimes not even that long. */
const LIFE_MS = 500;
/** Of so many kills one comes without waiting for what was killed before to work again. */
const EARLY = 0.3;
const PROGRESS_MS = 90_000;
const DRAIN_MS = 240_000;

export type Victim = 'companion' | 'service' | 'backend' | 'postmaster' | 'all';

export interface ILaneOptions {
  readonly kind: 'sqlite' | 'pg';
  readonly kills: number;
  /** Shares of what is killed. */
  readonly victims: Readonly<Partial<Record<Victim, number>>>;
  /** Names of files in `sabotage`: what is broken on purpose. */
  readonly sabotage?: {
    readonly service?: string;
    readonly companion?: string;
    /** Of statements, run once the service has made its schema. */
    readonly database?: string;
  };
}

export interface ILaneResult extends ILogCheck {
  readonly kills: Readonly<Partial<Record<Victim, number>>>;
  /** Records that a companion was told are on the disk, and records that senders have a receipt for. */
  readonly recorded: number;
  readonly receipted: number;
  /** Batches whose answer was lost with a kill: stored all the same, or not. */
  readonly again: { readonly had: number; readonly takes: number };
  /** Answers to senders that cannot be: whoever lost what it knew of a stream gives them. Where nothing is broken there is none. */
  readonly contradictions: readonly string[];
  readonly seconds: number;
}

/** Runs it, and looks for everything that was acknowledged. @throws when something does not come back. */
export async function runKillLane(options: ILaneOptions): Promise<ILaneResult> {
  const folder = mkdtempSync(join(tmpdir(), 'labkeeper-kills-'));
  const hub = await startHub();
  const cluster = options.kind === 'pg' ? OwnCluster.make(await freePort()) : null;
  const state = join(folder, 'state');
  const service = new KillableService({
    ...{ state, port: await freePort(), hubPort: portOf(hub), database: cluster?.url ?? null },
    sabotage: sabotagePath(options.sabotage?.service)
  });
  const program = await buildRecorder(folder);
  const companions = Array.from(
    { length: COMPANIONS },
    (_, i) =>
      new KillableCompanion({
        ...{ program, home: join(folder, `home-${i}`), service: service.url, token: `token-keeper-${i}` },
        sabotage: sabotagePath(options.sabotage?.companion)
      })
  );
  const senders = Array.from(
    { length: SENDERS },
    (_, i) => new BlindSender(service.url, `token-sender-${i}`)
  );
  const lane = new Lane(options, service, cluster, companions, senders);
  try {
    await cluster?.start();
    await service.start();
    const statements = sabotagePath(options.sabotage?.database, 'sql');
    if (statements !== null) cluster?.runFile(statements);
    const { kills, seconds } = await lane.run();
    await service.kill('SIGTERM');
    const place = cluster ? { url: cluster.url } : { file: join(state, 'labkeeper.sqlite') };
    const check = await checkLog(
      place,
      [...companions, ...senders].flatMap(({ promised }) => promised)
    );
    return {
      ...{ kills, seconds, recorded: sumOf(companions), receipted: sumOf(senders) },
      contradictions: senders.flatMap(({ contradictions }) => contradictions),
      again: {
        had: senders.reduce((sum, { again }) => sum + again.had, 0),
        takes: senders.reduce((sum, { again }) => sum + again.takes, 0)
      },
      ...check
    };
  } finally {
    await Promise.allSettled([service.kill('SIGKILL'), ...companions.map(companion => companion.kill())]);
    await cluster?.remove();
    hub.closeAllConnections();
    hub.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class Lane {
  constructor(
    options: ILaneOptions,
    service: KillableService,
    cluster: OwnCluster | null,
    companions: readonly KillableCompanion[],
    senders: readonly BlindSender[]
  ) {
    this.options = options;
    this.service = service;
    this.cluster = cluster;
    this.companions = companions;
    this.senders = senders;
  }

  async run(): Promise<{ kills: Partial<Record<Victim, number>>; seconds: number }> {
    const beganAtMs = Date.now();
    let isOver = false;
    const sending = Promise.all(this.senders.map(sender => sender.run(() => isOver)));
    this.companions.forEach(companion => companion.start());
    const kills: Partial<Record<Victim, number>> = {};
    const killing = async (): Promise<void> => {
      for (let kill = 0; kill < this.options.kills;) {
        if (Math.random() >= EARLY) await this.progress();
        await pause(LIFE_MS * Math.random());
        const victim = this.choose();
        if (!(await this.kill(victim))) continue;
        kill += 1;
        kills[victim] = (kills[victim] ?? 0) + 1;
        if (kill % 50 === 0) console.error(`  ${this.options.kind}: ${kill} kills`);
      }
    };
    // A sender that meets what must not be ends it all.
    await Promise.race([killing(), sending.then(() => Promise.reject(new Error('the senders ended')))]);
    await this.progress();
    const seconds = (Date.now() - beganAtMs) / 1000;
    isOver = true;
    await sending;
    for (const companion of this.companions) {
      await companion.kill();
      await companion.drain(DRAIN_MS);
    }
    return { kills, seconds };
  }

  /** @returns whether something was killed. What was is on its way back. */
  private async kill(victim: Victim): Promise<boolean> {
    switch (victim) {
      case 'companion': {
        const companion = this.companions[Math.floor(COMPANIONS * Math.random())];
        await companion?.kill();
        companion?.start();
        return companion !== undefined;
      }
      case 'service':
        // Half of the time in the middle of its start.
        this.starting = (async () => {
          const before = this.starting;
          await this.service.kill('SIGKILL');
          await before;
          if (!this.service.isRunning) await this.service.start();
        })();
        return true;
      default:
        if (!(await this.cluster?.kill(victim))) return false;
        await this.cluster?.start();
        return true;
    }
  }

  /** Waits until a sender and a companion have something acknowledged once more. */
  private async progress(): Promise<void> {
    const deadline = Date.now() + PROGRESS_MS;
    await this.starting;
    for (const all of [this.senders, this.companions]) {
      const before = all.map(({ acknowledged }) => acknowledged);
      while (all.every(({ acknowledged }, i) => acknowledged === before[i])) {
        if (this.service.ended !== null)
          throw new Error(`the service ended by itself: ${this.service.ended}`);
        if (Date.now() > deadline) throw new Error('after a kill nothing was acknowledged any more');
        await pause(20);
      }
    }
  }

  private choose(): Victim {
    const shares = Object.entries(this.options.victims);
    let at = Math.random() * shares.reduce((sum, [, share]) => sum + share, 0);
    for (const [victim, share] of shares) {
      at -= share;
      if (at < 0) return victim as Victim;
    }
    return 'companion';
  }

  private starting: Promise<void> = Promise.resolve();
  private readonly options: ILaneOptions;
  private readonly service: KillableService;
  private readonly cluster: OwnCluster | null;
  private readonly companions: readonly KillableCompanion[];
  private readonly senders: readonly BlindSender[];
}

function sumOf(all: readonly { readonly promised: readonly { readonly upTo: number }[] }[]): number {
  return all.flatMap(({ promised }) => promised).reduce((sum, { upTo }) => sum + upTo, 0);
}

function sabotagePath(name: string | undefined, kind = 'mjs'): string | null {
  return name === undefined ? null : fileURLToPath(new URL(`sabotage/${name}.${kind}`, import.meta.url));
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
