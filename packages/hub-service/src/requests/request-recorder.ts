import { randomUUID } from 'node:crypto';
import { chainRecord } from '@labkeeper/core';
import type { StreamHead } from '@labkeeper/protocol';
import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { GroupCommit } from '../ingest/group-commit.js';
import type { PolicyInForce } from '../policy/policy-in-force.js';
import { sha256Hex } from '../sha256.js';
import type { IDatabase } from '../store/database.js';
import type { ILogWriter } from '../store/log-writer.js';
import { markLogged, unloggedActs, type IUnloggedAct } from '../store/request-acts.js';
import type { IRequests } from '../store/requests.js';
import { requestEvent } from './request-record.js';

export interface IRequestRecorderOptions {
  readonly database: IDatabase;
  readonly requests: IRequests;
  readonly writer: ILogWriter;
  readonly commit: GroupCommit;
  readonly policy: PolicyInForce;
  readonly log: Logger;
  /** Tells others of an act, each once. Durable when it resolves. */
  readonly announce?: (act: IUnloggedAct) => Promise<void>;
}

/** How often it is looked for requests whose time has come, and for acts that the log did not take, in ms. */
const LOOK_MS = 20_000;
/** Acts that are read at a time. */
const AT_ONCE = 100;

/**
 * Puts what was done with requests into the log, each act once: they are kept with the request first, and a request's
 * stream goes on only from the place that is theirs. So nothing is lost where the service is killed in between, and nothing
 * is there twice where two replicas do it at once.
 */
export class RequestRecorder {
  constructor(private readonly options: IRequestRecorderOptions) {}

  start(): void {
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
    void this.look();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** Puts what waits into the log. Never rejects: what cannot be put there now is later. */
  async flush(): Promise<void> {
    // What was done while it was under way may have been missed by it.
    await this.running;
    this.running ??= this.all().finally(() => (this.running = null));
    await this.running;
  }

  private async look(): Promise<void> {
    const { requests, log } = this.options;
    try {
      await requests.lapse();
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'Requests whose time has come could not be written down.');
    }
    await this.flush();
  }

  private async all(): Promise<void> {
    try {
      for (let acts = await this.next(); acts.length > 0; acts = await this.next()) {
        for (const act of acts) {
          await this.put(act);
        }
        if (acts.length < AT_ONCE) {
          return;
        }
      }
    } catch (error) {
      const { log } = this.options;
      log.warn({ reason: reasonOf(error) }, 'Decisions and messages wait to be put into the log.');
    }
  }

  private next(): Promise<readonly IUnloggedAct[]> {
    return unloggedActs(this.options.database, AT_ONCE);
  }

  private async put(act: IUnloggedAct): Promise<void> {
    const { writer, commit, policy, database } = this.options;
    const { speaker, boot, seq } = act;
    const before = await writer.head(speaker, boot);
    if (before.seq >= seq || (await this.append(act, before, policy.active.digest, commit))) {
      // Before it is marked: where this fails, or the service ends here, it is done again, and told once.
      await this.options.announce?.(act);
      await markLogged(database, act.id);
    }
  }

  /** @returns false = another replica was first: the next look tells how far it came. */
  private async append(
    act: IUnloggedAct,
    before: StreamHead,
    policyDigest: string,
    commit: GroupCommit
  ): Promise<boolean> {
    const { speaker, boot, seq } = act;
    const event = requestEvent(act, policyDigest);
    const { line, personal, head } = chainRecord(sha256Hex, boot, before, event, randomUUID());
    if (head.seq !== seq) {
      throw new Error(`The records of request ${act.request} are not in order.`);
    }
    const appended = await commit.append({
      ...{ speaker, boot, first: seq, prev: before.hash, head: head.hash },
      records: [
        {
          ...{ seq, line, personal, opaque: null },
          columns: {
            occurredAtMs: event.occurredAtMs,
            action: event.action,
            ecosystem: event.package?.ecosystem ?? null,
            packageName: event.package?.name ?? null,
            packageVersion: event.package?.version ?? null,
            tool: event.tool?.name ?? null,
            effect: event.decision?.effect ?? null,
            grade: 'hub',
            environment: null,
            held: null
          }
        }
      ]
    });
    return appended.kind === 'stored';
  }

  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | null = null;
}
