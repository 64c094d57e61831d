import { RelayCourse, type RelayFailure, type RelayStep } from '@labkeeper/core';
import {
  BATCH_RECORDS,
  HUB_PATHS,
  readBatchAnswer,
  readReceiptAnswer,
  readStreamHead,
  type StreamHead
} from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { HubAway, type HubClient, type IHubAnswer } from './hub-client.js';
import { failureOf, said } from './hub-answers.js';
import type { HubTickets } from './hub-tickets.js';
import type { Receipts } from './receipts.js';
import type { Spool } from './spool.js';
import { StreamAwayError, type SpooledStream } from './spooled-stream.js';

/** What comes within so short a time goes in one batch, ms. */
const LINGER_MS = 200;
/** A receipt that does not come is asked for so often; records must not wait for it. */
const RECEIPT_TRIES = 3;
/** A stream that cannot be read is looked at again after so long, ms; others are sent meanwhile. */
const HELD_MS = 60_000;
const UNREAD = 'Records that lay in the spool can no longer be read';

export interface IRelayOptions {
  readonly client: HubClient;
  readonly tickets: HubTickets;
  readonly spool: Spool;
  readonly receipts: Receipts;
  readonly clock: IClock;
  readonly log: Log;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** The hub answered, or did not. */
  readonly changed?: () => void;
}

/** Brings the spool's records to the hub service: one request at a time, for ever, in the background. */
export class Relay implements IDisposable {
  constructor(private readonly options: IRelayOptions) {
    this.course = new RelayCourse(options.random);
  }

  /** Whether the service answered the last question as it should. */
  get connected(): boolean {
    return this.course.connected;
  }

  /** Why records do not reach the hub, a sentence; null = they do, as far as is known. */
  get trouble(): string | null {
    const [unread] = this.unread.values();
    return this.failure ?? unread ?? null;
  }

  /** Records that the hub has not acknowledged. */
  get waiting(): number {
    return this.streams().reduce((sum, { boot, head }) => sum + head.seq - (this.reached.get(boot) ?? 0), 0);
  }

  /** How far the hub has a stream; 0 = nothing of it, as far as is known. */
  acknowledged(boot: string): number {
    return this.reached.get(boot) ?? 0;
  }

  /** There may be something to send. */
  wake(): void {
    if (this.flying === null && this.timer === null && !this.disposed) {
      this.pause(LINGER_MS);
    }
  }

  /** Sends what there is, as far as that is possible within `withinMs`: the end is near. */
  async flush(withinMs: number): Promise<void> {
    await new Promise<void>(resolve => {
      const limit = this.options.clock.after(withinMs, resolve);
      this.idle = () => {
        limit.dispose();
        resolve();
      };
      // A last try.
      this.letGo();
      this.turn();
    });
    this.idle = null;
  }

  dispose(): void {
    this.disposed = true;
    this.timer?.dispose();
    this.letGo();
    this.options.client.dispose();
  }

  private turn(): void {
    if (this.flying !== null || this.disposed) {
      return;
    }
    this.timer?.dispose();
    this.timer = null;
    const waiting = this.streams()
      .filter(({ boot }) => !this.held.has(boot))
      .map(({ boot, head }) => ({ boot, last: head.seq }));
    const step = this.course.next(this.options.clock.monotonicMs(), waiting);
    if (step.do === 'wait') {
      if (step.ms !== null) {
        this.pause(step.ms);
      }
      this.idle?.();
      return;
    }
    this.flying = this.take(step).finally(() => {
      this.flying = null;
      this.turn();
    });
  }

  private pause(ms: number): void {
    this.timer = this.options.clock.after(ms, () => this.turn());
  }

  private async take(step: Exclude<RelayStep, { do: 'wait' }>): Promise<void> {
    this.asked = 0;
    try {
      if (step.do === 'ticket') {
        await this.askForTicket();
        return;
      }
      const stream = this.streams().find(({ boot }) => boot === step.boot);
      if (stream) {
        await (step.do === 'head' ? this.askForHead(stream) : this.send(stream, step.after, step.records));
      }
    } catch (error) {
      if (error instanceof StreamAwayError) {
        this.hold(error);
      } else if (error instanceof HubAway) {
        // A batch may have arrived before the question after it found nobody.
        this.fail(error.unreached && this.asked <= 1 ? 'unreached' : 'away', error.message);
      } else {
        this.fail('away', `could not be asked: ${reasonOf(error)}`);
      }
    }
  }

  private async askForTicket(): Promise<void> {
    const { tickets, clock } = this.options;
    const got = await tickets.get();
    if (got.kind === 'ticket') {
      this.ticket = got.ticket;
      this.course.gotTicket(clock.monotonicMs(), got.lifeMs);
    } else {
      this.fail(got.failure, got.said, got.laterMs);
    }
  }

  private async askForHead(stream: SpooledStream): Promise<void> {
    const answer = await this.ask('GET', `${HUB_PATHS.records}?boot=${stream.boot}`);
    const head = answer.status === 200 ? readStreamHead(answer.text) : null;
    if (head) {
      await this.took(stream, head);
    } else {
      this.refused(answer);
    }
  }

  private async send(stream: SpooledStream, after: StreamHead, most: number): Promise<void> {
    const batch = await stream.batch(after, most);
    if (!batch) {
      await this.giveUp(stream, UNREAD, { isUnread: true });
      return;
    }
    const answer = await this.ask('POST', HUB_PATHS.records, batch.body);
    const taken = answer.status === 200 || answer.status === 409 ? readBatchAnswer(answer.text) : null;
    if (taken) {
      if (taken.receipt?.body.boot === stream.boot) {
        await this.options.receipts.keep(taken.receipt);
      }
      await this.took(stream, taken.head);
    } else if (answer.status === 400 || (answer.status === 413 && batch.count === 1)) {
      await this.giveUp(stream, `The hub service does not take some records and ${said(answer)}`);
      // Were the new stream refused as well, one each minute would be made.
      this.fail('refused', said(answer));
    } else {
      this.refused(answer, answer.status === 413 ? 'too-large' : null);
    }
  }

  /** The service has the stream up to `head`. */
  private async took(stream: SpooledStream, head: StreamHead): Promise<void> {
    const { spool, log } = this.options;
    const hash = await stream.hashAt(head.seq);
    if (hash !== head.hash) {
      // Records are removed here when they were acknowledged, and only then.
      const isOlder = hash === null && head.seq < (this.reached.get(stream.boot) ?? 0);
      if (hash === null && !isOlder && head.seq <= stream.head.seq) {
        await this.giveUp(stream, UNREAD, { isUnread: true });
        return;
      }
      const what = isOlder
        ? 'no longer has records that it had acknowledged'
        : 'has other records of a stream than those that were spooled here';
      const count = isOlder ? stream.head.seq - head.seq : null;
      await this.giveUp(stream, `The hub service ${what}`, { count });
      this.fail('away', what);
      return;
    }
    if (!(await this.hasReceipt(stream.boot, head))) {
      return;
    }
    this.reached.set(stream.boot, head.seq);
    this.course.reached(stream.boot, head);
    this.unread.delete(stream.boot);
    if (this.failure !== null) {
      this.failure = null;
      log('The hub service takes the records of the audited log again.');
    }
    try {
      await spool.acknowledged(stream, head.seq);
    } catch (error) {
      // The hub has it: what cannot be removed here must not hold up the next stream.
      if (!this.toldLeft) {
        this.toldLeft = true;
        log(`What the hub service has cannot be removed from the spool: ${reasonOf(error)}`);
      }
    }
    this.options.changed?.();
  }

  /**
   * Asks for the receipt of what is acknowledged without one: the answer was lost. What is acknowledged is dropped after
   * that, so that a companion that is killed here asks again.
   *
   * @returns false = the service could not be asked now.
   */
  private async hasReceipt(boot: string, { seq, hash }: StreamHead): Promise<boolean> {
    const { receipts } = this.options;
    const known = (await receipts.of(boot))?.seq ?? 0;
    if (known >= seq || this.receiptTries === RECEIPT_TRIES) {
      this.receiptTries = 0;
      return true;
    }
    this.receiptTries += 1;
    const first = Math.max(known + 1, seq - BATCH_RECORDS + 1);
    const answer = await this.ask('GET', `${HUB_PATHS.receipt}?boot=${boot}&first=${first}&seq=${seq}`);
    const given = answer.status === 200 ? readReceiptAnswer(answer.text)?.receipt : undefined;
    if (given?.body.boot === boot && given.body.seq === seq && given.body.head === hash) {
      await receipts.keep(given);
    } else if (answer.status !== 404) {
      this.refused(answer);
      return false;
    }
    // A service that is older knows no such question: without a receipt it goes on as well.
    this.receiptTries = 0;
    return true;
  }

  /**
   * @param count - records that the hub does not have; null = those that it has not acknowledged.
   * @param isUnread - they cannot be read here.
   */
  private async giveUp(
    stream: SpooledStream,
    why: string,
    { count = null, isUnread = false }: { readonly count?: number | null; readonly isUnread?: boolean } = {}
  ): Promise<void> {
    const { spool, log } = this.options;
    const reached = this.reached.get(stream.boot);
    const left = reached === undefined ? null : Math.max(0, stream.head.seq - reached);
    log(`${why.replace(/\.$/, '')}. They are set aside, and a gap is recorded.`);
    this.course.forget(stream.boot);
    this.unread.delete(stream.boot);
    await spool.giveUp(stream, count ?? left, isUnread);
  }

  /** A stream cannot be read now: it must not hold up the others. */
  private hold(error: StreamAwayError): void {
    const { clock, log } = this.options;
    const { boot } = error;
    const again = clock.after(HELD_MS, () => {
      this.held.delete(boot);
      this.wake();
    });
    this.held.set(boot, again);
    if (!this.unread.has(boot)) {
      const trouble = `Records that wait for the hub service cannot be read: ${reasonOf(error)}`;
      this.unread.set(boot, trouble);
      log(`${trouble.replace(/\.$/, '')}. It is tried again each minute.`);
      this.options.changed?.();
    }
  }

  /** Those that are held are looked at with the next turn. */
  private letGo(): void {
    this.held.forEach(again => again.dispose());
    this.held.clear();
  }

  private ask(method: 'GET' | 'POST', path: string, body?: Buffer): Promise<IHubAnswer> {
    this.asked += 1;
    return this.options.client.ask({ method, path, authorization: `Bearer ${this.ticket}`, body });
  }

  private refused(answer: IHubAnswer, failure: RelayFailure | null = null): void {
    this.fail(failure ?? failureOf(answer.status), said(answer), answer.laterMs);
  }

  private fail(failure: RelayFailure, what: string, laterMs: number | null = null): void {
    if (failure === 'ticket') {
      this.options.tickets.drop(this.ticket);
    }
    this.course.failed(this.options.clock.monotonicMs(), failure, laterMs);
    this.options.changed?.();
    // The end of a ticket and a batch that is halved are no trouble, unless they go on.
    if (failure === 'ticket' || failure === 'too-large') {
      return;
    }
    const before = this.failure;
    this.failure = `The hub service ${what.replace(/\.$/, '')}.`;
    if (before === null && !this.disposed) {
      this.options.log(`${this.failure} What is installed is kept here until it can be sent.`);
    }
  }

  private streams(): readonly SpooledStream[] {
    const { earlier, own } = this.options.spool;
    return [...earlier.waiting, own];
  }

  private readonly course: RelayCourse;
  /** What the service has acknowledged, by stream. */
  private readonly reached = new Map<string, number>();
  /** How often the receipt was asked for that is missing now. */
  private receiptTries = 0;
  /** Requests of the step that is under way. */
  private asked = 0;
  private ticket = '';
  private failure: string | null = null;
  private flying: Promise<void> | null = null;
  private timer: IDisposable | null = null;
  private idle: (() => void) | null = null;
  private disposed = false;
  /** Streams that could not be read, until they are looked at again. */
  private readonly held = new Map<string, IDisposable>();
  /** Why a stream cannot be read, a sentence. */
  private readonly unread = new Map<string, string>();
  /** That files are left over was said. */
  private toldLeft = false;
}
