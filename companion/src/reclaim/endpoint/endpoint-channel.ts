import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { IReclaimStatement } from '@labkeeper/core';
import type { IClock, IDisposable } from '../../clock.js';
import { reasonOf } from '../../failure.js';
import type { Log } from '../../log.js';
import type { IChannelReport } from '../channel.js';
import { ToldChannel } from '../told-channel.js';
import { writeToken } from './endpoint-token.js';
import { createNoticeHandler, type IFlushed } from './notice-handler.js';
import { createNoticeListener } from './notice-listener.js';

export interface IEndpointOptions {
  readonly clock: IClock;
  readonly log: Log;
  readonly flush: (withinMs: number) => Promise<IFlushed | null>;
  /** The port on 127.0.0.1, 0 = any; null = no port is opened. */
  readonly port: number | null;
  /** The secret that the administrator chose; null = a new one is written to `tokenPath`. */
  readonly token: string | null;
  readonly tokenPath: string;
}

/** A notice that nobody repeats holds for this long after its end. */
const HOLDS_MS = 10 * 60_000;
/** Sources whose notices are kept; of more, the oldest goes. */
const SOURCES = 8;

/** Notices by HTTP: on a loopback port, where it is asked for, and by `handle` on the companion's own socket. */
export class EndpointChannel extends ToldChannel {
  constructor(private readonly options: IEndpointOptions) {
    super('endpoint');
    this.handle = createNoticeHandler({
      ...options,
      given: statement => this.give(statement),
      withdrawn: () => {
        this.given.clear();
        this.says([]);
      }
    });
  }

  /** Answers a request of somebody who may ask: on the companion's socket the file's mode decides that. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;

  /** The port that is open; null = none. */
  get port(): number | null {
    const address = this.server?.address();
    return typeof address === 'object' && address !== null ? address.port : null;
  }

  override start(report: IChannelReport): IDisposable {
    const told = super.start(report);
    let disposed = false;
    this.open(() => disposed).catch((error: unknown) => {
      this.close();
      report.trouble(`The endpoint for notices of a reclaim is not open: ${reasonOf(error)}.`);
    });
    return {
      dispose: () => {
        disposed = true;
        told.dispose();
        this.close();
      }
    };
  }

  /** Adds a notice to those of other sources that still hold. */
  private give(statement: IReclaimStatement): void {
    const { clock } = this.options;
    const nowMs = clock.monotonicMs();
    const aheadMs = Math.max(0, (statement.deadlineMs ?? 0) - clock.wallMs());
    this.given.delete(statement.key);
    this.given.set(statement.key, { statement, untilMs: nowMs + aheadMs + HOLDS_MS });
    for (const [key, { untilMs }] of this.given) {
      if (untilMs <= nowMs || this.given.size > SOURCES) {
        this.given.delete(key);
      }
    }
    this.says([...this.given.values()].map(entry => entry.statement));
  }

  private async open(disposed: () => boolean): Promise<void> {
    const { port, tokenPath } = this.options;
    if (port === null) {
      return;
    }
    const token = this.options.token ?? randomBytes(32).toString('base64url');
    const server = createNoticeListener({ token, handle: this.handle });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host: '127.0.0.1' }, resolve);
    });
    server.on('error', error => this.options.log(`The endpoint for notices failed: ${reasonOf(error)}`));
    this.server = server;
    // Only when the port is ours: another companion's secret must not be lost.
    if (this.options.token === null) {
      await writeToken(tokenPath, token);
      this.wroteToken = true;
    }
    if (disposed()) {
      this.close();
    }
  }

  private close(): void {
    this.server?.close();
    this.server?.closeIdleConnections();
    this.server = null;
    if (this.wroteToken) {
      this.wroteToken = false;
      rm(this.options.tokenPath, { force: true }).catch((error: unknown) =>
        this.options.log(`The secret of the endpoint could not be removed: ${reasonOf(error)}`)
      );
    }
  }

  /** By source, the latest last. */
  private readonly given = new Map<
    string,
    { readonly statement: IReclaimStatement; readonly untilMs: number }
  >();
  private server: Server | null = null;
  private wroteToken = false;
}
