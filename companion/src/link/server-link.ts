import {
  anyHello,
  kernelDied,
  kernelFate,
  kernelStartFailed,
  parseParams,
  PROTOCOL,
  Receiver,
  serverHello,
  serverIdle,
  serverKernels,
  serverStopping,
  type IDeclaration,
  type Kernel
} from '@labkeeper/protocol';
import type { WebSocket } from 'ws';
import type { Log } from '../log.js';
import { readSocket, type IIncomingCounts } from './incoming.js';
import { CLOSE_PROTOCOL } from './page-link.js';

/** The parameters of a declared message. */
export type Params<D> = D extends { method: string; params: infer S }
  ? S extends IDeclaration['params']
    ? ReturnType<typeof parseParams<S>>
    : never
  : never;

/** What the server extension says. */
export interface IServerEvents {
  hello(hello: Params<typeof serverHello>): void;
  kernels(kernels: readonly Kernel[]): void;
  died(death: Params<typeof kernelDied>): void;
  fate(fate: Params<typeof kernelFate>): void;
  startFailed(failure: Params<typeof kernelStartFailed>): void;
  stopping(): void;
  /** The server has seen no activity for so long, ms. */
  idle(ms: number): void;
}

export interface IServerLinkOptions {
  readonly events: IServerEvents;
  readonly counts: IIncomingCounts;
  readonly log: Log;
}

/** The server extension's connection. There is one; a new one replaces the old. */
export class ServerLink {
  constructor(private readonly options: IServerLinkOptions) {}

  get connected(): boolean {
    return this.socket !== null;
  }

  accept(socket: WebSocket): void {
    const { events, log } = this.options;
    this.socket?.close(1000, 'Another connection of the server took over.');
    this.socket = socket;
    const receiver = new Receiver()
      .on(anyHello, hello => {
        if (hello.protocol !== PROTOCOL) {
          socket.close(
            CLOSE_PROTOCOL,
            `The server extension speaks protocol ${hello.protocol}, the companion ${PROTOCOL}: restart the server.`
          );
          return;
        }
        const known = parseParams(serverHello, hello);
        const { serverPid, build } = known;
        events.hello(known);
        log(`The server extension (process ${serverPid}, build ${build}) connected.`);
      })
      .on(serverKernels, ({ kernels }) => events.kernels(kernels))
      .on(kernelDied, death => events.died(death))
      .on(kernelFate, fate => events.fate(fate))
      .on(kernelStartFailed, failure => events.startFailed(failure))
      .on(serverStopping, () => events.stopping())
      .on(serverIdle, ({ idleMs }) => events.idle(idleMs));
    readSocket(socket, receiver, this.options.counts, reason => {
      if (this.told < 10) {
        this.told += 1;
        log(`The server extension sent what is no message: ${reason}`);
      }
    });
    socket.on('close', () => {
      if (this.socket === socket) {
        this.socket = null;
      }
    });
  }

  close(): void {
    this.socket?.close(1001, 'The companion stops.');
  }

  private socket: WebSocket | null = null;
  /** Bad frames written to the log: the first ones are enough to find a bug. */
  private told = 0;
}
