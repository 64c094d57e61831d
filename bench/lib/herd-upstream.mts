// An upstream index with one project of one large file, in a process of its own; counts how often it is asked for the file.
import { createHash, randomBytes } from 'node:crypto';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const FILENAME = 'herd-1.0.tar.gz';

/** How to start it, and what it tells of itself. */
interface IHerdFile {
  readonly url: string;
  readonly sha256: string;
}

export class HerdUpstream {
  static async start(megabytes: number): Promise<HerdUpstream> {
    const child = fork(import.meta.filename, [String(megabytes)]);
    const [file] = (await once(child, 'message')) as [IHerdFile];
    return new HerdUpstream(child, file);
  }

  readonly file: IHerdFile;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, file: IHerdFile) {
    this.child = child;
    this.file = file;
  }

  /** How often the file, or a part of it, was asked for. */
  async fetches(): Promise<number> {
    this.child.send('how often');
    const [count] = (await once(this.child, 'message')) as [number];
    return count;
  }

  stop(): void {
    this.child.disconnect();
  }

  /** Where it lies below an index. */
  static readonly path = `herd/${FILENAME}`;
}

if (process.argv[1] === import.meta.filename && process.send) await serve(Number(process.argv[2]));

async function serve(megabytes: number): Promise<void> {
  const bytes = randomBytes(megabytes * 1e6);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  let fetches = 0;
  const server = createServer((request, response) => {
    if (request.url === '/simple/herd/') {
      const files = [{ filename: FILENAME, url: `/${FILENAME}`, hashes: { sha256 }, size: bytes.length }];
      response
        .writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' })
        .end(JSON.stringify({ meta: { 'api-version': '1.1' }, name: 'herd', files }));
    } else if (request.url === `/${FILENAME}`) {
      fetches++;
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    } else response.writeHead(404).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`, sha256 });
  process.on('message', () => process.send?.(fetches));
  process.once('disconnect', () => process.exit(0));
}
