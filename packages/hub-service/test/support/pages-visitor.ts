import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** What a page answered. */
export interface IPageAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly body: Buffer;
}

/** A browser's cookies for the pages' own host, which several replicas serve. No redirect is followed. */
export class PagesVisitor {
  /** @param host - what the Host header says, whichever replica is asked. */
  constructor(private readonly host: string) {}

  /** @param port - of the replica, on the loopback. */
  async ask(port: number, path: string): Promise<IPageAnswer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port, path, headers: { host: this.host, cookie } },
        response => {
          for (const line of response.headers['set-cookie'] ?? []) {
            const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
            this.cookies.set(name, value);
          }
          const { statusCode = 0, headers } = response;
          buffer(response).then(
            body => resolve({ status: statusCode, location: headers.location ?? null, body }),
            reject
          );
        }
      );
      asked.once('error', reject);
      asked.end();
    });
  }

  private readonly cookies = new Map<string, string>();
}
