// Asks for a page again and again over one connection, in a process of its own, so that the index's time is its own.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';

export interface IAsking {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly times: number;
}

/** What the answers were like. */
export interface IAnswers {
  /** How long each took to its last byte. */
  readonly ms: readonly number[];
  readonly status: number;
  readonly bytes: number;
  readonly etag: string;
}

/** Asks, in the process that it starts. */
export class PageAsker {
  async ask(asking: IAsking): Promise<IAnswers> {
    this.child.send(asking);
    const [answers] = (await once(this.child, 'message')) as [IAnswers];
    return answers;
  }

  stop(): void {
    this.child.disconnect();
  }

  private readonly child: ChildProcess = fork(import.meta.filename, ['ask']);
}

async function askAll({ url, headers, times }: IAsking): Promise<IAnswers> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ms: number[] = [];
  let last = { status: 0, bytes: 0, etag: '' };
  for (let left = times; left > 0; left--) {
    const beganAtMs = performance.now();
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      get(url, { agent, headers }, resolve).on('error', reject)
    );
    let bytes = 0;
    for await (const chunk of answer) bytes += (chunk as Buffer).length;
    ms.push(performance.now() - beganAtMs);
    last = { status: answer.statusCode ?? 0, bytes, etag: answer.headers.etag ?? '' };
  }
  agent.destroy();
  return { ms, ...last };
}

if (process.argv[2] === 'ask' && process.send) {
  process.once('disconnect', () => process.exit(0));
  process.on('message', (asking: IAsking) => void askAll(asking).then(answers => process.send?.(answers)));
}
