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
  type RequestsKnown
} from '@labkeeper/protocol';
import type { KeepForPage } from '../audit/audit-desk.js';
import type { IAuditEnvironment } from '../audit/audit-environment.js';
import { HubClient } from '../audit/hub-client.js';
import type { HubTickets } from '../audit/hub-tickets.js';
import type { IClock, IDisposable } from '../clock.js';
import type { OutgoingLedger } from '../outgoing/outgoing-ledger.js';
import { RequestHub, STORY_BYTES, type IHubResult } from './request-hub.js';

/** Questions of all pages that are under way, at most: a page that asks more hears that it is for later. */
const AT_ONCE = 8;
/** How long the hub's answer may take, ms. */
const ANSWER_MS = 20_000;

/** Brings what pages ask for to the hub, and tells all pages how their user's requests stand. */
export class RequestDesk implements IDisposable {
  /** @param hub - null = there is no hub service. @param random - from 0 up to 1. */
  constructor(
    private readonly hub: RequestHub | null,
    private readonly clock: IClock,
    random: () => number
  ) {
    this.pace = new PollPace(random);
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
        void this.ask(keep, feedback.id, async hub => {
          const answer = await hub.post(REQUEST_PATHS.feedback, feedback);
          if (answer.result === 'later') {
            // The page sends it again when it hears that the hub is back.
            this.waiting.add(keep);
            this.changed();
          }
          return answer;
        });
      });
    return () => [this.pages, this.wanting, this.waiting].forEach(pages => pages.delete(keep));
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

  dispose(): void {
    this.isDisposed = true;
    this.pages.clear();
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
        this.waiting.clear();
      }
    }
  }

  /** The hub is asked again, ever more seldom, while somebody would see the answer. */
  private readLater(): void {
    this.retry?.dispose();
    this.retry = null;
    if (!this.isDisposed && this.wanting.size + this.waiting.size > 0) {
      this.retry = this.clock.after(this.pace.failed('away'), () => {
        this.retry = null;
        if (this.wanting.size + this.waiting.size > 0) {
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
    let answer: Pick<IHubResult, 'result' | 'message'> | null = { result: 'later', message: null };
    if (this.hub === null) {
      answer = { result: 'no-hub', message: null };
    } else if (this.running < AT_ONCE) {
      this.running += 1;
      try {
        answer = await question(this.hub);
      } finally {
        this.running -= 1;
      }
    }
    if (answer !== null && this.pages.has(keep)) {
      const { result, message } = answer;
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
  /** Pages that have something to send again when the hub is back. */
  private readonly waiting = new Set<KeepForPage>();
  private readonly pace: PollPace;
  private retry: IDisposable | null = null;
  private running = 0;
  private reading: Promise<void> | null = null;
  private isStale = false;
  private isDisposed = false;
}

/** The desk over the hub service that the environment names. @param environment - null = nothing is told of a hub. @param tickets - null = there is none. */
export function requestDesk(
  environment: Pick<IAuditEnvironment, 'serviceUrl'> | null,
  tickets: HubTickets | null,
  clock: IClock,
  outgoing: OutgoingLedger
): RequestDesk {
  const serviceUrl = environment?.serviceUrl ?? null;
  return new RequestDesk(
    serviceUrl === null || tickets === null
      ? null
      : new RequestHub(
          new HubClient(serviceUrl, () => clock.wallMs(), outgoing, ANSWER_MS, STORY_BYTES),
          tickets
        ),
    clock,
    Math.random
  );
}
