import { randomUUID } from 'node:crypto';
import { chainRecord } from '@labkeeper/core';
import type { StreamHead } from '@labkeeper/protocol';
import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { GroupCommit } from '../ingest/group-commit.js';
import type { PolicyInForce } from '../policy/policy-in-force.js';
import { sha256Hex } from '../sha256.js';
import { goOnElsewhere, isOwnRecord } from '../store/act-places.js';
import type { IDatabase } from '../store/database.js';
import type { ILogWriter } from '../store/log-writer.js';
import { markLogged, unloggedActs, type IUnloggedAct, type IWaitingAct } from '../store/request-acts.js';
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
/** How often in one look acts are read again because they were not as they had been read. */
const AGAIN = 5;

/** The request of an act that is not in the log. */
interface ILeft {
  readonly request: string;
  /** Its acts are not as they were read any more: they are read again. */
  readonly isChanged: boolean;
}

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
    let after = '';
    let again = AGAIN;
    try {
      for (let acts = await this.next(after); acts.length > 0; acts = await this.next(after)) {
        const left = await this.putEach(acts);
        if (left === null) {
          if (acts.length < AT_ONCE) {
            return;
          }
        } else if (left.isChanged && again > 0) {
          again -= 1;
        } else {
          // Others do not wait for it.
          after = left.request;
        }
      }
    } catch (error) {
      const { log } = this.options;
      log.warn({ reason: reasonOf(error) }, 'Decisions and messages wait to be put into the log.');
    }
  }

  /** @param after - a request: those behind it are meant. */
  private next(after: string): Promise<readonly IWaitingAct[]> {
    return unloggedActs(this.options.database, AT_ONCE, after);
  }

  /** @returns the request at which it ended; null = all are in the log. */
  private async putEach(acts: readonly IWaitingAct[]): Promise<ILeft | null> {
    for (const { request, read } of acts) {
      try {
        if (!(await this.put(read()))) {
          return { request, isChanged: true };
        }
      } catch (error) {
        const { log } = this.options;
        log.warn(
          { reason: reasonOf(error), request },
          'What was done with a request waits to be put into the log.'
        );
        return { request, isChanged: false };
      }
    }
    return null;
  }

  /** @returns false = it is not in the log: another replica was first, or the act has another place by now. */
  private async put(act: IUnloggedAct): Promise<boolean> {
    const { writer, commit, policy, database } = this.options;
    const { speaker, boot, seq } = act;
    const before = await writer.head(speaker, boot);
    if (before.seq >= seq) {
      if (!(await isOwnRecord(database, act))) {
        await this.goOnElsewhere(act);
        return false;
      }
    } else if (!(await this.append(act, before, policy.active.digest, commit))) {
      return false;
    }
    // Before it is marked: where this fails, or the service ends here, it is done again, and told once.
    await this.options.announce?.(act);
    await markLogged(database, act.id);
    return true;
  }

  /** An earlier version let containers write into streams of requests: what one wrote at the place of an act is not that act. */
  private async goOnElsewhere(act: IUnloggedAct): Promise<void> {
    const { database, log } = this.options;
    const { request, boot: stream, seq: place } = act;
    if (await goOnElsewhere(database, act)) {
      log.error(
        { request, stream, place },
        "A container wrote into the stream of its user's request: what is done with the request goes on in a new one."
      );
    }
  }

  /** @returns false = another replica was first. */
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
