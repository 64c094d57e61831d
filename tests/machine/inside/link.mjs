import { Receiver, deathSeen, deathsKnown, encode } from '@labkeeper/protocol';
import WebSocket from 'ws';

/** One link to the companion: what was declared is parsed, collected and can be waited for. */
export class Link {
  /**
   * @param url - `ws+unix:<socket>:/server`, `ws+unix:<socket>:/lab`, or a page's way through jupyter_server.
   * @param declarations - the messages that the other side sends.
   * @param options - of the `ws` package: headers.
   */
  static async open(url, declarations, options = {}) {
    const socket = new WebSocket(url, options);
    const link = new Link(socket, declarations);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return link;
  }

  constructor(socket, declarations) {
    this.socket = socket;
    this.seen = [];
    this.waiting = new Set();
    const receiver = new Receiver();
    for (const declaration of declarations) {
      receiver.on(declaration, params => this.take({ method: declaration.method, params, atMs: Date.now() }));
    }
    socket.on('message', data => {
      try {
        receiver.receive(String(data));
      } catch (error) {
        this.take({ method: 'wrong', params: String(error), atMs: Date.now() });
      }
    });
    // The close that follows says enough.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) =>
      this.take({ method: 'closed', params: `${code} ${reason}`, atMs: Date.now() })
    );
  }

  send(declaration, params) {
    this.socket.send(encode(declaration, params));
  }

  /** The first message, seen already or still to come, of this kind that `accept` takes: `{params, atMs}`. */
  async first(declaration, accept = () => true, timeoutMs = 15_000) {
    return await this.find(
      message => message.method === declaration.method && accept(message.params),
      timeoutMs,
      declaration.method
    );
  }

  /** A death that `accept` takes, whether it comes with the list at the connection or alone afterwards. */
  async death(accept, timeoutMs = 15_000) {
    const among = ({ method, params }) =>
      method === deathsKnown.method
        ? params.deaths.filter(accept)
        : method === deathSeen.method
          ? [params].filter(accept)
          : [];
    const message = await this.find(candidate => among(candidate).length > 0, timeoutMs, 'death');
    return among(message).at(-1);
  }

  /** Calls `hear` with every message from now on. */
  hear(hear) {
    this.waiting.add(hear);
  }

  async find(fits, timeoutMs, what) {
    const known = this.seen.find(fits);
    if (known !== undefined) {
      return known;
    }
    return await new Promise((resolve, reject) => {
      const waiter = message => {
        if (fits(message)) {
          this.waiting.delete(waiter);
          clearTimeout(timer);
          resolve(message);
        }
      };
      const timer = setTimeout(() => {
        this.waiting.delete(waiter);
        reject(new Error(`no ${what} that fits within ${timeoutMs / 1000} s (seen: ${this.summary()})`));
      }, timeoutMs);
      this.waiting.add(waiter);
    });
  }

  /** What came and how long ago, for a failure; with what could not be parsed, deaths, and the end of the link. */
  summary() {
    const nowMs = Date.now();
    const last = new Map(this.seen.map(({ method, atMs }) => [method, atMs]));
    const methods = [...last].map(
      ([method, atMs]) => `${method} ${((nowMs - atMs) / 1000).toFixed(1)} s ago`
    );
    const telling = this.seen
      .filter(({ method }) => ['wrong', 'closed', deathSeen.method, deathsKnown.method].includes(method))
      .map(({ method, params }) => `${method}: ${JSON.stringify(params).slice(0, 600)}`);
    return [methods.join(', '), ...telling].join('; ');
  }

  close() {
    this.socket.close();
  }

  take(message) {
    this.seen.push(message);
    for (const waiter of [...this.waiting]) {
      waiter(message);
    }
  }
}
