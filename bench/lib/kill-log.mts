import type { Tracked } from './scripted-pages.mts';

/** `page`: the stand-in without a browser; `browser`: a real Chromium, its whole process group. */
export type Victim = 'server' | 'companion' | 'page' | 'browser' | 'recovery';

/** Something that was acknowledged and is nowhere, or an original that is damaged. */
export interface ILoss {
  readonly path: string;
  readonly what: 'lost' | 'damaged';
  readonly acknowledged: number;
  /** Versions that were acknowledged and are nowhere. */
  readonly missing: number;
  readonly detail: string;
}

/** What was killed, and what came of it. */
export class KillLog {
  /** @param part - of the benchmark, in words. @param wanted - kills. */
  constructor(part: string, wanted: number) {
    this.part = part;
    this.wanted = wanted;
  }

  /** Moments at which something was killed; several processes at once are one. */
  events = 0;
  /** Processes that got SIGKILL. */
  readonly kills: Record<Victim, number> = { server: 0, companion: 0, page: 0, browser: 0, recovery: 0 };
  readonly losses: ILoss[] = [];

  get isFull(): boolean {
    return this.events >= this.wanted;
  }

  /** @param waiting - documents that are to be looked for after the next start. */
  killed(victims: readonly Victim[], waiting: readonly unknown[]): void {
    this.events += 1;
    for (const victim of victims) this.kills[victim] += 1;
    if (this.events % 20 === 0)
      console.log(
        `  ${this.part}: ${this.events} (${waiting.length} documents wait), ${this.losses.length} losses`
      );
  }

  /** Documents were looked for: those that are nowhere, and how many only the journal had whole. */
  verified(
    found: { readonly lost: readonly ILoss[]; readonly fromJournal: number },
    documents: readonly unknown[]
  ): void {
    this.documents += documents.length;
    this.fromJournal += found.fromJournal;
    found.lost.forEach(loss => this.lose(loss));
  }

  /** An original was looked at. @param damage - what is wrong with it; null = nothing. */
  looked({ path, acknowledged }: Pick<Tracked, 'path' | 'acknowledged'>, damage: string | null): void {
    this.looks += 1;
    if (damage !== null) this.lose({ path, what: 'damaged', acknowledged, missing: 0, detail: damage });
  }

  /** Somebody decided about a document, or there was nothing to decide. */
  decided(decision: string): void {
    this.decisions.set(decision, (this.decisions.get(decision) ?? 0) + 1);
  }

  /** For the record. */
  summary(): object {
    const { part, events, kills, documents, fromJournal, looks, decisions, losses } = this;
    return {
      ...{ part, kills: events, processesKilled: kills, documentsLookedFor: documents },
      ...{ onlyTheJournalHadThem: fromJournal, looksAtOriginals: looks },
      ...{ decisions: Object.fromEntries(decisions), losses }
    };
  }

  private lose(loss: ILoss): void {
    this.losses.push(loss);
    console.log(`  LOST ${JSON.stringify(loss)}`);
  }

  private readonly part: string;
  private readonly wanted: number;
  private documents = 0;
  private fromJournal = 0;
  private looks = 0;
  private readonly decisions = new Map<string, number>();
}
