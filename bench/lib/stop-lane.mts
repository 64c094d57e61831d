import { setTimeout as sleep } from 'node:timers/promises';
import type { KillLog } from './kill-log.mts';
import { RecoveryList } from './recovery-list.mts';
import { damageOf } from './recovered-work.mts';
import { SCRIPTED_KINDS } from './scripted-kinds.mts';
import { ScriptedPage, Tracked } from './scripted-pages.mts';
import type { IServer } from './server.mts';
import { decideAll, whenHeld } from './verify-work.mts';

/** A server that is stopped for real, and comes back with the same home. */
export interface IStopHost {
  /** Starts it. */
  start(): Promise<Pick<IServer, 'url' | 'token'>>;
  /** Where its documents are, seen from here; from the first start on. */
  readonly folder: string;
  /** Stops it; when this resolves nothing of it is left. */
  stop(round: number): Promise<void>;
  /** Called again and again while recoveries are waited for. */
  readonly waiting?: () => void;
  /** Removes everything. */
  end(): Promise<void>;
}

const PAGES = 2;
/** A recovery has the lowest priority: on a busy machine it takes long. */
const FOUND_MS = 600_000;
const STARTED_MS = 60_000;

/** One server that is stopped again and again while pages edit; few saves, so that most of it is in the journal alone. */
export class StopLane {
  private readonly host: IStopHost;
  private readonly log: KillLog;

  constructor(host: IStopHost, log: KillLog) {
    this.host = host;
    this.log = log;
  }

  /** Goes on until the log has enough. */
  async run(): Promise<void> {
    const { host, log } = this;
    try {
      let server = await host.start();
      for (let round = 1; !log.isFull; round += 1) {
        const pages = Array.from({ length: PAGES }, () => this.openPage(server));
        try {
          const deadline = Date.now() + STARTED_MS;
          while (pages.some(({ heard }) => heard < 3) && Date.now() < deadline) await sleep(20);
          await sleep(Math.random() * 3000);
          await host.stop(round);
        } finally {
          await Promise.all(pages.map(page => page.kill()));
        }
        const documents = pages.flatMap(page => page.documents);
        log.killed(['server'], documents);
        server = await host.start();
        await this.verify(server, documents);
      }
    } finally {
      await host.end();
    }
  }

  private openPage(server: Pick<IServer, 'url' | 'token'>): ScriptedPage {
    const documents = Array.from({ length: 2 }, () => {
      this.serial += 1;
      const kind = SCRIPTED_KINDS[this.serial % SCRIPTED_KINDS.length] ?? 'small';
      const seed = this.serial * 104_729 + Math.floor(Math.random() * 1000);
      return Tracked.create(this.host.folder, `stop-${this.serial}`, kind, seed);
    });
    const saveMs = Math.random() < 0.3 ? 1500 : 0;
    return new ScriptedPage(server, documents, { editMs: 10 + Math.random() * 50, saveMs });
  }

  private async verify(server: Pick<IServer, 'url' | 'token'>, documents: readonly Tracked[]): Promise<void> {
    const list = new RecoveryList(server);
    try {
      this.log.verified(await whenHeld(list, documents, FOUND_MS, this.host.waiting), documents);
      for (const document of documents) this.log.looked(document, await damageOf(document));
      await decideAll(list, documents, this.log);
    } finally {
      list.close();
    }
  }

  private serial = 0;
}
