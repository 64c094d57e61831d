import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KillLog, Victim } from './kill-log.mts';
import { Patience } from './patience.mts';
import { RecoveryList } from './recovery-list.mts';
import { damageOf } from './recovered-work.mts';
import { hurryRecoveries, isRecovery, recoveryProcesses } from './recovery-processes.mts';
import { SCRIPTED_KINDS } from './scripted-kinds.mts';
import { ScriptedPage, Tracked } from './scripted-pages.mts';
import { type IServer, startServer } from './server.mts';
import { decideAll, whenHeld } from './verify-work.mts';

const DOCUMENTS = 2;
/** Kills in the life of one server before it is killed itself, so many companions among them: more of these would only wait for the supervisor's pauses. */
const KILLS = { least: 10, most: 24, companions: 6 };
/** A companion that was killed is back within this time, in ms; its supervisor waits longer each time. */
const BACK_MS = 30_000;
/** Longest that is waited for a recovery, which has the lowest priority: on a busy machine it takes long. */
const FOUND_MS = 600_000;

const chance = (share: number): boolean => Math.random() < share;

export interface ILaneOptions {
  readonly name: string;
  readonly log: KillLog;
  /** Whether lives end without a kill of the server: what is left is recovered by the server that lives on. */
  readonly isPatient: boolean;
}

/**
 * A home with one jupyter_server after the other, pages that edit and save, and kills at random points. What pages
 * were told is safe is looked for after the next start of what was killed.
 */
export class CrashLane {
  constructor(options: ILaneOptions) {
    this.options = options;

    this.home = mkdtempSync(join(tmpdir(), 'labkeeper-crash-'));
    this.folder = join(this.home, 'work');
  }

  /** Goes on until the log has enough. */
  async run(): Promise<void> {
    let server = await this.start(null);
    try {
      while (!this.options.log.isFull) {
        await this.edit(server);
        if (!this.options.isPatient) server = await this.killServer(server);
        await this.verify(server);
      }
    } finally {
      await Promise.all(this.pages.map(page => page.kill()));
      await server.stop();
      rmSync(this.home, { recursive: true, force: true });
    }
  }

  /** Pages edit; pages and companions are killed. */
  private async edit(server: IServer): Promise<void> {
    while (this.pages.length < 2) this.openPage(server);
    await Promise.all(this.pages.map(page => untilEditing(page)));
    const kills = KILLS.least + Math.floor(Math.random() * (KILLS.most - KILLS.least));
    for (let kill = 0, companions = 0; kill < kills && !this.options.log.isFull; kill += 1) {
      await sleep(50 + Math.random() * 1000);
      if (companions < KILLS.companions && chance(0.5)) {
        companions += 1;
        await this.killCompanion(server, chance(0.5));
      } else {
        await this.killPage();
        this.openPage(server);
      }
      await this.look();
    }
    if (this.options.isPatient) {
      // The companion that lives would keep their runs for pages that come; the next one recovers them after a while.
      while (this.pages.length > 0) await this.killPage();
      await this.killCompanion(server, false);
    }
  }

  private openPage(server: IServer): void {
    const documents = Array.from({ length: DOCUMENTS }, () => {
      this.serial += 1;
      const kind = SCRIPTED_KINDS[this.serial % SCRIPTED_KINDS.length] ?? 'small';
      const again = this.settled.find(document => document.kind === kind);
      this.settled = this.settled.filter(document => document !== again);
      const seed = this.serial * 7919 + Math.floor(Math.random() * 1000);
      return again ?? Tracked.create(this.folder, `${this.options.name}-${this.serial}`, kind, seed);
    });
    const pace = { editMs: 15 + Math.random() * 120, saveMs: chance(0.3) ? 0 : 300 + Math.random() * 1800 };
    this.pages.push(new ScriptedPage(server, documents, pace));
  }

  private async killPage(): Promise<void> {
    const page = this.pages.splice(Math.floor(Math.random() * this.pages.length), 1)[0];
    if (!page) return;
    await page.kill();
    this.options.log.killed(['page'], page.documents);
    this.orphans.push(...page.documents);
  }

  /** @param withPage - a page goes at the same time: nobody tells the next companion what was in the journal. */
  private async killCompanion(server: IServer, withPage: boolean): Promise<void> {
    const pid = server.companionPid();
    if (pid === null) return;
    const page = withPage ? this.pages.pop() : undefined;
    const pageFirst = chance(0.5);
    if (page && pageFirst) await page.kill();
    process.kill(pid, 'SIGKILL');
    if (page && !pageFirst) await page.kill();
    this.options.log.killed(page ? ['companion', 'page'] : ['companion'], page?.documents ?? []);
    this.orphans.push(...(page?.documents ?? []));
    const patience = new Patience(BACK_MS);
    while ((server.companionPid() ?? pid) === pid) {
      if (patience.isOver) throw new Error(`no companion came back:\n${server.log().slice(-2000)}`);
      await sleep(20);
    }
    if (page) this.openPage(server);
  }

  /** Kills the server, sometimes all else with it as the end of a container does, and starts the next one. */
  private async killServer(server: IServer): Promise<IServer> {
    await sleep(Math.random() * 1200);
    const victims: Victim[] = ['server'];
    const companion = server.companionPid();
    process.kill(server.pid, 'SIGKILL');
    if (companion !== null && chance(0.5)) {
      process.kill(companion, 'SIGKILL');
      victims.push('companion');
    }
    const dying = this.pages.filter(() => chance(0.7));
    for (const page of dying) {
      await page.kill();
      victims.push('page');
      this.orphans.push(...page.documents);
    }
    this.pages = this.pages.filter(page => !dying.includes(page));
    this.options.log.killed(victims, this.orphans);
    while (server.exitCode() === null) await sleep(20);
    await this.look();
    await server.stop();
    this.keep();
    return this.start(server);
  }

  private start(before: IServer | null): Promise<IServer> {
    return startServer({
      app: 'jupyter-server',
      memory: '3G',
      home: this.home,
      args: ["--ServerApp.jpserver_extensions={'labkeeper': True}", '--ServerApp.iopub_data_rate_limit=1e9'],
      ...(before ? { port: before.port, token: before.token } : {})
    });
  }

  /** After the next start: recoveries are killed too, then everything that was acknowledged has to be there. */
  private async verify(server: IServer): Promise<void> {
    const { log, isPatient } = this.options;
    if (!isPatient && chance(0.5)) await this.killRecovery(server);
    const list = new RecoveryList(server);
    try {
      const documents = this.orphans.splice(0);
      log.verified(await whenHeld(list, documents, FOUND_MS, () => hurryRecoveries(server)), documents);
      await this.look();
      if (chance(0.7)) {
        const killsToo = !isPatient && chance(0.3);
        const decided = decideAll(list, documents, log);
        if (killsToo) {
          await sleep(Math.random() * 60);
          await this.killCompanion(server, false);
        }
        this.settled.push(...(await decided));
      } else {
        // They stay as they are: the next start finds the same copies.
        this.orphans.push(...documents);
      }
    } finally {
      list.close();
    }
  }

  /** Waits for a process that recovers a document, and kills it at a random moment of its short life. */
  private async killRecovery(server: IServer): Promise<void> {
    const deadline = Date.now() + 3000;
    while (Date.now() < deadline) {
      const [child] = recoveryProcesses(server);
      if (child !== undefined) {
        await sleep(Math.random() * 150);
        if (!isRecovery(child)) continue;
        process.kill(child, 'SIGKILL');
        this.options.log.killed(['recovery'], this.orphans);
        return;
      }
      await sleep(3);
    }
  }

  /** For whoever looks into a loss (`LABKEEPER_KEEP=FOLDER`): the home as it was after the kill before it. */
  private keep(): void {
    const folder = process.env['LABKEEPER_KEEP'];
    if (!folder) return;
    this.life += 1;
    const place = (life: number): string => join(folder, `${this.options.name}-${life}`);
    if (this.options.log.losses.length === 0) rmSync(place(this.life - 1), { recursive: true, force: true });
    spawnSync('cp', ['-a', this.home, place(this.life)], { stdio: 'inherit' });
  }

  /** No original may be anything else than a version that was written whole. */
  private async look(): Promise<void> {
    for (const document of [...this.orphans, ...this.settled, ...this.pages.flatMap(page => page.documents)])
      this.options.log.looked(document, await damageOf(document));
  }

  private readonly home: string;
  private readonly folder: string;
  private serial = 0;
  private life = 0;
  private pages: ScriptedPage[] = [];
  /** Documents whose pages were killed. */
  private readonly orphans: Tracked[] = [];
  /** Documents of which nobody has to decide anything. */
  private settled: Tracked[] = [];

  private readonly options: ILaneOptions;
}

async function untilEditing(page: ScriptedPage): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (page.heard < 3 && page.isAlive && Date.now() < deadline) await sleep(20);
  if (!page.isAlive) throw new Error('a page ended by itself');
}
