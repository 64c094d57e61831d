// Many clients that ask for one file at once and read it to its end, in a process of its own.
import { createHash } from 'node:crypto';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

export interface IHerd {
  readonly url: string;
  readonly clients: number;
  /** So many of them hash what they get; the others count it. */
  readonly hashing: number;
}

/** What one client got. */
export interface IHerdClient {
  readonly status: number;
  readonly bytes: number;
  /** null = it did not hash. */
  readonly sha256: string | null;
  /** null = it came to its end. */
  readonly error: string | null;
  readonly ms: number;
}

export async function sendHerd(herd: IHerd): Promise<readonly IHerdClient[]> {
  const child: ChildProcess = fork(import.meta.filename, ['herd']);
  child.send(herd);
  const [clients] = (await once(child, 'message')) as [readonly IHerdClient[]];
  child.disconnect();
  return clients;
}

async function client(url: string, isHashing: boolean): Promise<IHerdClient> {
  const beganAtMs = performance.now();
  const hash = isHashing ? createHash('sha256') : null;
  let status = 0;
  let bytes = 0;
  let error: string | null = null;
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      get(url, { agent: false }, resolve).on('error', reject)
    );
    status = answer.statusCode ?? 0;
    for await (const chunk of answer) {
      bytes += (chunk as Buffer).length;
      hash?.update(chunk as Buffer);
    }
  } catch (failure) {
    error = String(failure);
  }
  return { status, bytes, sha256: hash?.digest('hex') ?? null, error, ms: performance.now() - beganAtMs };
}

if (process.argv[2] === 'herd' && process.send) {
  process.once('disconnect', () => process.exit(0));
  const [{ url, clients, hashing }] = (await once(process, 'message')) as [IHerd];
  process.send(
    await Promise.all(Array.from({ length: clients }, (_, place) => client(url, place < hashing)))
  );
}
