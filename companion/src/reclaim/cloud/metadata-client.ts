import { Agent, request as httpRequest } from 'node:http';
import type { IMetadataText } from '@labkeeper/core';
import type { IClock } from '../../clock.js';
import { codeOf, reasonOf } from '../../failure.js';

/** There was no answer of a metadata service. The message is half a sentence: what it did. */
export class MetadataProblem extends Error {
  override readonly name = 'MetadataProblem';

  /**
   * @param connected - whether somebody took the connection: a blocked service is not asked once more in another way.
   */
  constructor(
    message: string,
    readonly connected = true
  ) {
    super(message);
  }
}

/** A question. Nothing but these two methods exists here: no event is ever approved, nothing ever changed. */
export interface IMetadataQuestion {
  /** PUT only fetches a session token of AWS. */
  readonly method?: 'GET' | 'PUT';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the whole answer may take, ms; default 1 s. */
  readonly answerMs?: number;
}

export interface IMetadataAnswer extends IMetadataText {
  header(name: string): string | null;
}

/** A service on the same machine takes a connection within a millisecond; a blocked one never, packets are dropped. */
const CONNECT_MS = 1000;
const ANSWER_MS = 1000;
/** Real answers have a few hundred bytes. */
const BODY_BYTES = 64 * 1024;

/**
 * HTTP to a cloud's metadata service: one connection that is kept, no proxy, no redirect followed, bounds on time and
 * size. Whoever answers is not trusted: it may be a captive portal.
 */
export class MetadataClient {
  constructor(
    private readonly options: {
      /** `http://169.254.169.254` outside of tests. */
      readonly baseUrl: string;
      readonly clock: IClock;
      /** Connections at the same time. */
      readonly sockets?: number;
    }
  ) {
    // An agent of our own: the global one may be told to use a proxy (NODE_USE_ENV_PROXY).
    this.agent = new Agent({ keepAlive: true, maxSockets: options.sockets ?? 1 });
  }

  /** Asks once; a kept connection that turns out to be closed is opened anew. @throws MetadataProblem */
  async ask(question: IMetadataQuestion): Promise<IMetadataAnswer> {
    try {
      return await this.askOnce(question);
    } catch (error) {
      if (error instanceof StaleConnection) {
        return this.askOnce(question);
      }
      throw error;
    }
  }

  /** Ends all questions under way. */
  dispose(): void {
    this.disposed = true;
    this.agent.destroy();
  }

  private askOnce({ method = 'GET', path, headers, answerMs = ANSWER_MS }: IMetadataQuestion) {
    const { baseUrl, clock } = this.options;
    return new Promise<IMetadataAnswer>((resolve, reject) => {
      const request = httpRequest(new URL(path, baseUrl), { method, headers, agent: this.agent });
      const fail = (problem: Error): void => {
        settle();
        request.destroy();
        reject(problem);
      };
      const connecting = clock.after(CONNECT_MS, () =>
        fail(new MetadataProblem(`did not take a connection within ${CONNECT_MS} ms`, false))
      );
      const answering = clock.after(answerMs, () =>
        fail(new MetadataProblem(`did not answer within ${answerMs} ms`, connected))
      );
      const settle = (): void => {
        connecting.dispose();
        answering.dispose();
      };
      let connected = false;
      const takenUp = (): void => {
        connected = true;
        connecting.dispose();
      };
      request.once('socket', socket => {
        if (socket.connecting) {
          socket.once('connect', takenUp);
        } else {
          takenUp();
        }
      });
      // Stays on: a request that was destroyed may have one more error to tell.
      request.on('error', error => {
        const closed = codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE';
        const stale = request.reusedSocket && closed && !this.disposed;
        fail(stale ? new StaleConnection() : new MetadataProblem(`failed: ${reasonOf(error)}`, connected));
      });
      request.once('response', response => {
        const status = response.statusCode ?? 0;
        const chunks: Buffer[] = [];
        let bytes = 0;
        if (status >= 300 && status < 400) {
          fail(new MetadataProblem(`answered ${status}, which sends elsewhere`));
          return;
        }
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes > BODY_BYTES) {
            fail(new MetadataProblem(`answered with more than ${BODY_BYTES} bytes`));
          }
        });
        response.once('error', error =>
          fail(new MetadataProblem(`broke off its answer: ${reasonOf(error)}`))
        );
        response.once('end', () => {
          settle();
          resolve({
            status,
            text: Buffer.concat(chunks).toString('utf8'),
            header: name => {
              const value = response.headers[name];
              return typeof value === 'string' ? value : null;
            }
          });
        });
      });
      request.end();
    });
  }

  private readonly agent: Agent;
  private disposed = false;
}

/** The service closed a kept connection at the moment at which it was used again. */
class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
}
