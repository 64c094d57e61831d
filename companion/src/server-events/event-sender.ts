import { PollPace, type PollFailure } from '@labkeeper/core';
import { HUB_PATHS, readServerEventsAnswer } from '@labkeeper/protocol';
import { failureOf, said } from '../audit/hub-answers.js';
import { HubAway, type HubClient } from '../audit/hub-client.js';
import type { HubTickets } from '../audit/hub-tickets.js';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import type { EventQueue } from './event-queue.js';

export interface IEventSenderOptions {
  readonly client: HubClient;
  readonly tickets: HubTickets;
  readonly queue: EventQueue;
  readonly clock: IClock;
  readonly log: Log;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** Brings the queue to the hub, one batch at a time; one that was not answered is sent again as it was. */
export class EventSender implements IDisposable {
  constructor(private readonly options: IEventSenderOptions) {
    this.pace = new PollPace(options.random);
  }

  /** Sends what waits, unless it is to wait for the hub. Resolves when there is nothing more to do now. */
  send(): Promise<void> {
    if (this.timer !== null || this.disposed) {
      return Promise.resolve();
    }
    this.sending ??= this.turn().finally(() => (this.sending = null));
    return this.sending;
  }

  dispose(): void {
    this.disposed = true;
    this.timer?.dispose();
    this.options.client.dispose();
  }

  private async turn(): Promise<void> {
    let laterMs: number | null = null;
    try {
      while (laterMs === null && !this.disposed && !this.options.queue.isEmpty) {
        laterMs = await this.once();
      }
    } catch (error) {
      const what = error instanceof HubAway ? error.message : `could not be told: ${reasonOf(error)}`;
      laterMs = this.failed(error instanceof HubAway && error.unreached ? 'unreached' : 'away', what);
    }
    if (laterMs !== null && !this.disposed) {
      this.timer = this.options.clock.after(laterMs, () => {
        this.timer = null;
        void this.send();
      });
    }
  }

  /** @returns ms until it is to be tried again; null = it went well. @throws HubAway */
  private async once(): Promise<number | null> {
    const { client, tickets, queue } = this.options;
    const body = queue.next();
    if (body === null) {
      return null;
    }
    const got = await tickets.get();
    if (got.kind === 'refused') {
      return this.failed(got.failure === 'refused' ? 'refused' : 'away', got.said, got.laterMs);
    }
    const answer = await client.ask({
      method: 'POST',
      path: HUB_PATHS.serverEvents,
      authorization: `Bearer ${got.ticket}`,
      body
    });
    if (answer.status === 401) {
      tickets.drop(got.ticket);
      return this.failed('ticket', said(answer));
    }
    const isDone = answer.status === 200 && readServerEventsAnswer(answer.text) !== null;
    if (!isDone && answer.status !== 400 && answer.status !== 413) {
      const failure = failureOf(answer.status) === 'refused' || answer.status === 404 ? 'refused' : 'away';
      return this.failed(failure, said(answer), answer.laterMs);
    }
    if (!isDone) {
      this.complain(said(answer));
    }
    // One that cannot be read there never will be: those behind it must not wait for it.
    queue.done();
    this.pace.answered();
    return null;
  }

  private failed(failure: PollFailure, what: string, laterMs: number | null = null): number {
    if (failure !== 'ticket') {
      this.complain(what);
    }
    return this.pace.failed(failure, laterMs);
  }

  private complain(what: string): void {
    if (!this.told && !this.disposed) {
      this.told = true;
      this.options.log(`Events wait here: the hub service ${what.replace(/\.$/, '')}.`);
    }
  }

  private readonly pace: PollPace;
  private sending: Promise<void> | null = null;
  private timer: IDisposable | null = null;
  private disposed = false;
  private told = false;
}
