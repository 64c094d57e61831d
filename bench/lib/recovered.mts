import { readdirSync, readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { sleep } from './cpu.mts';
import { type IWatched, newestMark } from './disk-watch.mts';
import { type IServer, type IServerOptions, startServer } from './server.mts';

/** Recovering begins at once and comes after everything else on a busy machine. */
const PATIENCE_MS = 120_000;

/** One document after the server was killed: what was seen on the disk before, and what the next server made of it. */
export interface IRecovered {
  readonly tag: string;
  readonly seen: number;
  readonly recovered: number;
}

/**
 * Kills server and companion, starts them anew on the same home, and looks for each document's edits in its file and in
 * the recovered copy beside it: what was seen in the journal counts only if recovery finds it there.
 *
 * @throws when less is found than was seen.
 */
export async function killAndRecover(
  server: IServer,
  options: IServerOptions & { readonly home: string },
  documents: readonly IWatched[]
): Promise<IRecovered[]> {
  const companion = server.companionPid();
  process.kill(server.pid, 'SIGKILL');
  if (companion !== null) process.kill(companion, 'SIGKILL');
  await server.stop();
  const next = await startServer(options);
  try {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = documents.map(({ tag, file, ages }) => ({
        tag,
        seen: ages.newest('disk'),
        recovered: newestInFiles(join(options.home, 'work'), file, tag)
      }));
      const lost = found.filter(({ seen, recovered }) => recovered < seen);
      if (lost.length === 0) return found;
      if (Date.now() > deadline)
        throw new Error(
          `seen on the disk and not recovered: ${JSON.stringify(lost)}\n${next.log().slice(-2000)}`
        );
      await sleep(1000);
    }
  } finally {
    await next.stop();
  }
}

/** In the document or in a copy of it that was recovered. */
function newestInFiles(folder: string, file: string, tag: string): number {
  const { name, ext } = parse(file);
  const copies = readdirSync(folder).filter(
    other => other === file || (other.startsWith(`${name} (recovered`) && other.endsWith(ext))
  );
  return Math.max(-1, ...copies.map(copy => newestMark(readFileSync(join(folder, copy)), tag)));
}
