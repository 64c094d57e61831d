import type { ISocket } from '../src/reconnecting-socket.js';

/** One connection whose other end is the test. */
export class FakeSocket implements ISocket {
  onopen: ISocket['onopen'] = null;
  onmessage: ISocket['onmessage'] = null;
  onclose: ISocket['onclose'] = null;
  readonly sent: string[] = [];
  isClosed = false;
  bufferedAmount = 0;

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.isClosed = true;
  }

  /** The other end accepts. */
  accept(): void {
    this.onopen?.(new Event('open'));
  }

  /** The other end sends. */
  say(data: unknown): void {
    this.onmessage?.(new MessageEvent('message', { data }));
  }

  /** The other end, or what is between, ends the connection. */
  end(code = 1006): void {
    this.onclose?.(new CloseEvent('close', { code }));
  }
}

/** All connections that were tried. */
export class FakeSockets {
  readonly all: FakeSocket[] = [];

  readonly open = (url = ''): FakeSocket => {
    const socket = new FakeSocket(url);
    this.all.push(socket);
    return socket;
  };

  get last(): FakeSocket {
    const socket = this.all.at(-1);
    if (socket === undefined) {
      throw new Error('no connection was tried');
    }
    return socket;
  }
}
