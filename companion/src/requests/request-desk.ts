import { PollPace } from '@labkeeper/core';
import {
  encode,
  feedbackGiven,
  REQUEST_PATHS,
  requestRead,
  requestResult,
  requestSaid,
  requestsKnown,
  requestStory,
  requestSubmitted,
  requestsWanted,
  requestWithdrawn,
  type Receiver,
  type RequestResult,
  type RequestsKnown
} from '@labkeeper/protocol';
import type { KeepForPage } from '../audit/audit-desk.js';
import type { IAuditEnvironment } from '../audit/audit-environment.js';
import { HubClient } from '../audit/hub-client.js';
import type { HubTickets } from '../audit/hub-tickets.js';
import type { IClock, IDisposable } from '../clock.js';
import type { OutgoingLedger } from '../outgoing/outgoing-ledger.js';
import type { HubFolder } from '../hub/hub-folder.js';
import type { Log } from '../log.js';
import { FeedbackNote } from './feedback-note.js';
import { FeedbackOutbox } from './feedback-outbox.js';
import { RequestHub, STORY_BYTES, type IHubResult } from './request-hub.js';

/** Questions of all pages that are under way, at most: a page that asks more hears that it is for later. */
const AT_ONCE = 8;
/** How long the hub's answer may take, ms. */
const ANSWER_MS = 20_000;

type Outcome = Pick<RequestResult, 'result' | 'message'>;

const NO_HUB: Outcome = { result: 'no-hub', message: null };

/** Brings what pages ask for to the hub, and tells all pages how their user's requests stand. */
export class RequestDesk implements IDisposable {
  /**
   * @param hub - null = there is no hub service. @param random - from 0 up to 1.
   * @param note - where answers to "Was this right?" wait for the hub; null = in memory alone.
   */
  constructor(
    private readonly hub: RequestHub | null,
    private readonly clock: IClock,
    random: () => number,
    private readonly note: FeedbackNote | null = null
  ) {
    this.pace = new PollPace(random);
    this.outbox = hub
      ? new FeedbackOutbox({
          ...{ hub, clock, random, note },
          // The page that gave it may be gone, and others show it too.
          settled: (id, result) => this.pages.forEach(keep => this.result(keep, id, result))
        })
      : null;
    this.known = { requests: [], isCut: false, hub: hub === null ? 'none' : 'asking' };
  }

  /** Takes what a page says. @returns to be called when the page is gone. */
  join(receiver: Receiver, keep: KeepForPage): () => void {
    this.pages.add(keep);
    if (this.known.hub !== 'asking') {
      this.tell(keep);
    }
    const send = (ref: string, path: string, body: unknown): void => {
      void this.ask(keep, ref, hub => hub.post(path, body)).then(() => this.changed());
    };
    receiver
      .on(requestsWanted, ({ wanted }) => {
        this.wanting[wanted ? 'add' : 'delete'](keep);
        if (wanted) {
          this.changed();
        }
      })
      .on(requestSubmitted, ({ id, want, reason, evidence }) =>
        send(id, REQUEST_PATHS.requests, { id, want, reason, evidence })
      )
      .on(requestWithdrawn, ({ id, version }) => send(id, REQUEST_PATHS.withdraw(id), { version }))
      .on(requestSaid, ({ id, message, text }) =>
        send(message, REQUEST_PATHS.messages(id), { id: message, text })
      )
      .on(requestRead, ({ id }) => void this.read(keep, id))
      .on(feedbackGiven, feedback => {
        if (this.outbox === null) {
          this.result(keep, feedback.id, NO_HUB);
        } else {
          void this.outbox.give(feedback).then(result => this.result(keep, feedback.id, result));
        }
      });
    return () => [this.pages, this.wanting].forEach(pages => pages.delete(keep));
  }

  /** Own requests are read anew, and all pages are told. What comes meanwhile is one more reading. */
  changed(): void {
    if (this.hub === null) {
      this.pages.forEach(keep => this.tell(keep));
      return;
    }
    this.isStale = true;
    this.retry?.dispose();
    this.retry = null;
    this.reading ??= this.readAll(this.hub).finally(() => (this.reading = null));
  }

  /** Sends what an earlier companion could not. Never resolves, where the home hangs. */
  async start(): Promise<void> {
    this.starting = this.outbox?.start() ?? null;
    await this.starting;
  }

  /** What waits is on the disk, or cannot be, when this resolves. */
  async close(): Promise<void> {
    this.dispose();
    // Until it is known what an earlier companion kept nothing is written.
    await this.starting;
    await this.note?.settled();
  }

  dispose(): void {
    this.isDisposed = true;
    this.pages.clear();
    this.outbox?.dispose();
    this.retry?.dispose();
    this.hub?.dispose();
  }

  private async readAll(hub: RequestHub): Promise<void> {
    while (this.isStale && !this.isDisposed) {
      this.isStale = false;
      const list = await hub.list();
      this.known =
        list === null
          ? { ...this.known, hub: 'failed' }
          : { requests: [...list.requests], isCut: list.isCut, hub: 'read' };
      this.pages.forEach(keep => this.tell(keep));
      if (list === null) {
        this.readLater();
      } else {
        this.pace.answered();
      }
    }
  }

  /** The hub is asked again, ever more seldom, while somebody would see the answer. */
  private readLater(): void {
    this.retry?.dispose();
    this.retry = null;
    if (!this.isDisposed && this.wanting.size > 0) {
      this.retry = this.clock.after(this.pace.failed('away'), () => {
        this.retry = null;
        if (this.wanting.size > 0) {
          this.changed();
        }
      });
    }
  }

  private async read(keep: KeepForPage, id: string): Promise<void> {
    await this.ask(keep, id, async hub => {
      const answer = await hub.story(id);
      if ('story' in answer) {
        keep(`request-story ${id}`, () => encode(requestStory, answer.story));
        return null;
      }
      return answer;
    });
  }

  private async ask(
    keep: KeepForPage,
    ref: string,
    question: (hub: RequestHub) => Promise<IHubResult | null>
  ): Promise<void> {
    let answer: Outcome | null = { result: 'later', message: null };
    if (this.hub === null) {
      answer = NO_HUB;
    } else if (this.running < AT_ONCE) {
      this.running += 1;
      try {
        answer = await question(this.hub);
      } finally {
        this.running -= 1;
      }
    }
    if (answer !== null) {
      this.result(keep, ref, answer);
    }
  }

  private result(keep: KeepForPage, ref: string, { result, message }: Outcome): void {
    if (this.pages.has(keep)) {
      keep(`request-result ${ref}`, () => encode(requestResult, { ref, result, message }));
    }
  }

  private tell(keep: KeepForPage): void {
    keep('requests', () => encode(requestsKnown, this.known));
  }

  private known: RequestsKnown;
  private readonly pages = new Set<KeepForPage>();
  /** Pages that show own requests. */
  private readonly wanting = new Set<KeepForPage>();
  private readonly pace: PollPace;
  private readonly outbox: FeedbackOutbox | null;
  private retry: IDisposable | null = null;
  private running = 0;
  private starting: Promise<void> | null = null;
  private reading: Promise<void> | null = null;
  private isStale = false;
  private isDisposed = false;
}

export interface IRequestDeskOptions {
  /** null = nothing is told of a hub. */
  readonly environment: Pick<IAuditEnvironment, 'serviceUrl'> | null;
  /** null = there is none. */
  readonly tickets: HubTickets | null;
  /** Where what waits is kept; null = nowhere. */
  readonly folder: HubFolder | null;
  readonly clock: IClock;
  readonly log: Log;
  readonly outgoing: OutgoingLedger;
}

/** The desk over the hub service that the environment names. */
export function requestDesk({
  environment,
  tickets,
  folder,
  clock,
  log,
  outgoing
}: IRequestDeskOptions): RequestDesk {
  const serviceUrl = environment?.serviceUrl ?? null;
  return new RequestDesk(
    serviceUrl === null || tickets === null
      ? null
      : new RequestHub(
          new HubClient(serviceUrl, () => clock.wallMs(), outgoing, ANSWER_MS, STORY_BYTES),
          tickets
        ),
    clock,
    Math.random,
    folder && new FeedbackNote({ folder, log })
  );
}
