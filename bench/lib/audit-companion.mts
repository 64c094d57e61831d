// A companion that does nothing but send batches: records of the usual length, in a chain, one batch under way.
import { hash, randomBytes, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';

/** Keep-alive, one connection for each companion. */
const agent = new Agent({ keepAlive: true, maxSockets: 2000 });

/** Sends as fast as it is answered, or when it is told to. */
export class BenchCompanion {
  constructor(url: string, name: string) {
    this.url = url;
    this.name = name;
  }

  /** Asks for its ticket. */
  async enter(): Promise<void> {
    const { status, text } = await this.post('api/v1/ticket', `token token-${this.name}`, null);
    if (status !== 200) throw new Error(`no ticket: ${status} ${text}`);
    this.ticket = JSON.parse(text).ticket;
  }

  /** Sends the next records. @throws when they are not acknowledged. */
  async send(records: number): Promise<void> {
    const first = this.seq + 1;
    const prev = this.head;
    const lines = [JSON.stringify({ protocol: 1, boot: this.boot, first, count: records, prev })];
    for (let i = 0; i < records; i++) lines.push(...this.next());
    const { status, text } = await this.post(
      'api/v1/records',
      `Bearer ${this.ticket}`,
      `${lines.join('\n')}\n`
    );
    if (status !== 200) throw new Error(`a batch was answered with ${status}: ${text}`);
  }

  /** A record with its personal part, as canonical JSON. */
  private next(): [string, string] {
    this.seq += 1;
    const personal = `{"argv":["pip","install","--quiet","package-${this.seq % 997}"],"directUrl":null,"notebook":"/home/${this.name}/projects/credit risk/model ${this.seq % 13}.ipynb","prefix":"/home/${this.name}/.venv/project","salt":"${randomBytes(16).toString('hex')}"}`;
    const atMs = Date.now();
    const line = `{"action":"install","boot":"${this.boot}","decision":{"effect":"allow","policyDigest":"${DIGEST}","reason":"On the list of packages that every group may install without being asked.","ruleId":"default-allow"},"environment":{"id":"0123456789abcdef","kind":"venv","python":"3.12"},"eventId":"${randomUUID()}","evidence":[{"ref":"site-packages","source":"disk"},{"ref":"pip report","source":"report"}],"gap":null,"observedAtMs":${atMs},"occurredAtMs":${atMs - 3},"outcome":{"code":0,"ok":true},"package":{"ecosystem":"pypi","files":112,"installer":"pip","name":"package-${this.seq % 997}","origin":"index","recordDigest":"${DIGEST}","requested":true,"version":"1.${this.seq % 50}.0"},"personal":"${hash('sha256', personal)}","prev":"${this.head}","schema":"labkeeper.install/1","seq":${this.seq},"surface":"terminal","tool":{"name":"pip","version":"25.3"}}`;
    this.head = hash('sha256', line);
    return [line, personal];
  }

  private post(
    path: string,
    authorization: string,
    body: string | null
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers: Record<string, string | number> = { authorization };
      if (body !== null) {
        headers['content-type'] = 'application/x-ndjson';
        headers['content-length'] = Buffer.byteLength(body);
      }
      const sent = request(`${this.url}${path}`, { agent, method: 'POST', headers }, response => {
        let text = '';
        response.setEncoding('utf8').on('data', part => (text += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on('error', reject).end(body ?? undefined);
    });
  }

  private readonly url: string;
  private readonly name: string;
  private readonly boot = randomUUID();
  private ticket = '';
  private seq = 0;
  private head = '0'.repeat(64);
}

const DIGEST = 'ab'.repeat(32);
