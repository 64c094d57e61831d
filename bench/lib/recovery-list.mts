import {
  PROTOCOL,
  Receiver,
  type Recovery,
  companionHello,
  encode,
  pageHello,
  recoveriesKnown,
  recoveryDecided
} from '../../packages/protocol/lib/index.js';
import type { IServer } from './server.mts';

export type Decision = 'restore' | 'keep-both' | 'discard';

/** What a page hears about recovered documents; it comes back by itself when the companion was killed. */
export class RecoveryList {
  constructor(server: Pick<IServer, 'url' | 'token'>) {
    this.server = server;

    this.open();
  }

  /** null = nobody has said since the connection was made. */
  recoveries: readonly Recovery[] | null = null;
  /** Of the companion that is connected; null = none is. */
  boot: string | null = null;

  decide(id: string, decision: Decision): void {
    if (this.socket?.readyState === WebSocket.OPEN)
      this.socket.send(encode(recoveryDecided, { id, decision }));
  }

  close(): void {
    this.isClosed = true;
    this.socket?.close();
  }

  private open(): void {
    const socket = new WebSocket(
      `${this.server.url.replace('http', 'ws')}/labkeeper/ws?token=${this.server.token}`
    );
    const receiver = new Receiver()
      .on(companionHello, ({ boot }) => (this.boot = boot))
      .on(recoveriesKnown, ({ recoveries }) => (this.recoveries = recoveries));
    socket.onopen = () =>
      socket.send(encode(pageHello, { protocol: PROTOCOL, build: 'bench', client: 'page', visible: false }));
    socket.onmessage = ({ data }) => void receiver.receive(String(data));
    socket.onclose = () => {
      this.recoveries = null;
      this.boot = null;
      if (!this.isClosed) setTimeout(() => this.open(), 100);
    };
    this.socket = socket;
  }

  private socket: WebSocket | null = null;
  private isClosed = false;

  private readonly server: Pick<IServer, 'url' | 'token'>;
}
