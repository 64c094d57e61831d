// A companion that forgets what has a receipt, and sends a batch without one again, byte by byte, until the hub says what
// became of it: so nothing that the hub loses comes back by itself, and whatever it takes twice is there twice.
import { hash, randomUUID } from 'node:crypto';
import { chainRecord, NOTHING_YET, packageEvent } from '../../packages/core/lib/index.js';

const TIMEOUT_MS = 8000;
const AGAIN_MS = 60;
/** Between two batches, at most, ms. */
const PAUSE_MS = 150;
const MOST_RECORDS = 10;
/** So many of the answers are lost on their way. */
const LOST_ANSWERS = 0.05;

/** All records called `<mark>-1` to `<mark>-<upTo>` were acknowledged. */
export interface IPromised {
  readonly mark: string;
  upTo: number;
}

interface IBatch {
  readonly body: string;
  readonly first: number;
  readonly head: typeof NOTHING_YET;
  readonly lastName: number;
}

export class BlindSender {
  /** @param token - of its server. @param told - of what has a receipt now. */
  constructor(url: string, token: string, told: (promise: IPromised) => void = () => undefined) {
    this.url = url;
    this.token = token;
    this.told = told;
  }

  /** What has a receipt; one for each stream that it began. */
  readonly promised: IPromised[] = [];
  /** Batches that were sent again, and what the hub said then: it has them, or it takes them now. */
  readonly again = { had: 0, takes: 0 };
  acknowledged = 0;
  /** Answers that no hub gives which keeps what it took: it refuses a batch, and what it says it has is what comes before that. */
  readonly contradictions: string[] = [];
  /** Told of every answer that puts it off. */
  refused: (answer: string) => void = () => undefined;

  /** Sends until `isOver`, and then what is under way. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) await this.stream(isOver);
  }

  /** One stream, until it is over or the hub forgot what it had signed for. */
  private async stream(isOver: () => boolean): Promise<void> {
    const boot = randomUUID();
    const promise = { mark: `sent-${boot.slice(0, 13)}`, upTo: 0 };
    this.promised.push(promise);
    let head = NOTHING_YET;
    while (!isOver()) {
      const batch = nextBatch(boot, head, promise);
      if (!(await this.deliver(batch))) return;
      head = batch.head;
      promise.upTo = batch.lastName;
      this.acknowledged += 1;
      this.told(promise);
      await pause(PAUSE_MS * Math.random());
    }
  }

  /** @returns false = the hub does not know what came before, and had signed for that, or contradicts itself: a new stream begins. */
  private async deliver({ body, first, head }: IBatch): Promise<boolean> {
    for (let sent = 0; ;) {
      const came = await this.post('api/v1/records', `Bearer ${this.ticket}`, body);
      const answer = Math.random() < LOST_ANSWERS ? null : came;
      sent += answer === null || answer.status >= 500 ? 1 : 0;
      if (answer && answer.status >= 500) this.refused(answer.text);
      if (answer?.status === 200) {
        if (sent > 0) this.again.takes += 1;
        return true;
      }
      if (answer?.status === 409) {
        const known: { head: typeof NOTHING_YET } = JSON.parse(answer.text);
        if (known.head.seq === head.seq && known.head.hash === head.hash) {
          this.again.had += 1;
          return true;
        }
        if (known.head.seq < first - 1) return false;
        this.contradictions.push(`a batch that ends at ${head.seq} was answered with ${answer.text}`);
        return false;
      }
      if (answer?.status === 401) {
        const given = await this.post('api/v1/ticket', `token ${this.token}`, null);
        if (given?.status === 200) {
          this.ticket = JSON.parse(given.text).ticket;
          continue;
        }
      } else if (answer && answer.status < 500 && answer.status !== 429) {
        throw new Error(`a batch was answered with ${answer.status} ${answer.text}`);
      }
      await pause(AGAIN_MS * (1 + Math.random()));
    }
  }

  /** null = nobody answered. */
  private async post(
    path: string,
    authorization: string,
    body: string | null
  ): Promise<{ status: number; text: string } | null> {
    try {
      const response = await fetch(`${this.url}${path}`, {
        method: 'POST',
        headers: {
          authorization,
          ...(body === null ? {} : { 'content-type': 'application/x-ndjson' })
        },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS)
      });
      return { status: response.status, text: await response.text() };
    } catch {
      return null; // Killed, before or after it was stored.
    }
  }

  private ticket = 'none';
  private readonly url: string;
  private readonly token: string;
  private readonly told: (promise: IPromised) => void;
}

function nextBatch(boot: string, after: typeof NOTHING_YET, { mark, upTo }: IPromised): IBatch {
  const count = 1 + Math.floor(MOST_RECORDS * Math.random());
  const lines = [JSON.stringify({ protocol: 1, boot, first: after.seq + 1, count, prev: after.hash })];
  let head = after;
  for (let i = 1; i <= count; i++) {
    const record = chainRecord(sha256, boot, head, installOf(`${mark}-${upTo + i}`), randomUUID());
    lines.push(record.line, record.personal ?? 'null');
    head = record.head;
  }
  return { body: `${lines.join('\n')}\n`, first: after.seq + 1, head, lastName: upTo + count };
}

function installOf(name: string): ReturnType<typeof packageEvent> {
  const atMs = Date.now();
  return packageEvent({
    ...{ action: 'install', occurredAtMs: atMs, observedAtMs: atMs },
    tool: { name: 'pip', version: '25.3' },
    environment: { id: '0123456789abcdef', kind: 'venv', python: '3.12' },
    package: {
      ...{ ecosystem: 'pypi', name, version: '1.0', requested: true, installer: 'pip' },
      ...{ recordDigest: 'ab'.repeat(32), files: 12, origin: 'index' }
    },
    personal: {
      salt: '00'.repeat(16),
      prefix: null,
      notebook: null,
      argv: ['pip', 'install', name],
      directUrl: null
    }
  });
}

const sha256 = (text: string): string => hash('sha256', text);
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
