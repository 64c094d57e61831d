import {
  LISTED_REQUESTS,
  readHubRefusal,
  readRequestAnswer,
  readRequestsAnswer,
  REQUEST_PATHS,
  REQUESTS_PAGE,
  type RequestResult,
  type RequestStory,
  type RequestSummary
} from '@labkeeper/protocol';
import { failureOf } from '../audit/hub-answers.js';
import { HubAway, type HubClient, type IHubAnswer } from '../audit/hub-client.js';
import type { HubTickets } from '../audit/hub-tickets.js';

/** With the longest texts a request with its story has so many bytes. */
export const STORY_BYTES = 1024 * 1024;

/** What came of a question to the hub. */
export interface IHubResult {
  readonly result: RequestResult['result'];
  /** A sentence of the hub's; null = there is none. */
  readonly message: string | null;
  /** The answer where it is `done`. */
  readonly text: string;
  /** How long the hub asks us to wait, ms; null = it does not say. */
  readonly laterMs: number | null;
}

/** Requests as the hub service has them. */
export class RequestHub {
  constructor(
    private readonly client: HubClient,
    private readonly tickets: HubTickets
  ) {}

  /** Sends something. Never rejects. */
  post(path: string, body: unknown): Promise<IHubResult> {
    return this.ask('POST', path, Buffer.from(JSON.stringify(body)));
  }

  /** The newest own requests; null = they could not be read. */
  async list(): Promise<{ readonly requests: readonly RequestSummary[]; readonly isCut: boolean } | null> {
    const requests: RequestSummary[] = [];
    let next: string | null = null;
    do {
      const place: string = next === null ? '' : `&before=${encodeURIComponent(next)}`;
      const { result, text } = await this.ask(
        'GET',
        `${REQUEST_PATHS.requests}?limit=${REQUESTS_PAGE}${place}`
      );
      const answer: ReturnType<typeof readRequestsAnswer> =
        result === 'done' ? readRequestsAnswer(text) : null;
      if (answer === null) {
        return null;
      }
      requests.push(...answer.requests);
      ({ next } = answer);
    } while (next !== null && requests.length < LISTED_REQUESTS);
    return { requests: requests.slice(0, LISTED_REQUESTS), isCut: next !== null };
  }

  /** One request with its story. */
  async story(id: string): Promise<{ readonly story: RequestStory } | IHubResult> {
    const answer = await this.ask('GET', REQUEST_PATHS.request(id));
    const read = answer.result === 'done' ? readRequestAnswer(answer.text) : null;
    if (read) {
      return { story: read.request };
    }
    return answer.result === 'done' ? { ...answer, result: 'later' } : answer;
  }

  /** Ends what is under way. */
  dispose(): void {
    this.client.dispose();
  }

  private async ask(method: 'GET' | 'POST', path: string, body?: Buffer): Promise<IHubResult> {
    try {
      let answer = await this.once(method, path, body);
      if (answer?.status === 401) {
        // Tickets end, also before their time.
        answer = await this.once(method, path, body);
      }
      return answer === null ? LATER : resultOf(answer);
    } catch (error) {
      if (error instanceof HubAway) {
        return LATER;
      }
      throw error;
    }
  }

  /** null = there is no ticket now. */
  private async once(
    method: 'GET' | 'POST',
    path: string,
    body: Buffer | undefined
  ): Promise<IHubAnswer | null> {
    const got = await this.tickets.get();
    if (got.kind === 'refused') {
      return null;
    }
    const answer = await this.client.ask({
      ...{ method, path, authorization: `Bearer ${got.ticket}` },
      ...(body && { body, contentType: 'application/json' })
    });
    if (answer.status === 401) {
      this.tickets.drop(got.ticket);
    }
    return answer;
  }
}

/** Nobody answered, or nobody could be asked. */
export const LATER: IHubResult = { result: 'later', message: null, text: '', laterMs: null };

function resultOf({ status, text, laterMs }: IHubAnswer): IHubResult {
  if (status === 200) {
    return { result: 'done', message: null, text, laterMs };
  }
  const message = readHubRefusal(text)?.message ?? null;
  if (status === 409) {
    return { result: 'changed', message, text: '', laterMs };
  }
  const isLater =
    ['later', 'away', 'ticket'].includes(failureOf(status)) && ![400, 404, 413].includes(status);
  return { result: isLater ? 'later' : 'refused', message, text: '', laterMs };
}
