// What a hub's log holds, read with SQLite or psql alone: none of our programs has a say in it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import type { IPromised } from './blind-sender.mts';

/** All entries in the order of their indexes, each as `<index>|<line>`. */
async function* entriesOf(
  place: { readonly file: string } | { readonly url: string }
): AsyncIterable<string> {
  const query = 'select idx, entry from record_body order by idx';
  if ('file' in place) {
    const database = new DatabaseSync(place.file, { readOnly: true });
    for (const { idx, entry } of database.prepare(query).iterate()) yield `${Number(idx)}|${String(entry)}`;
    database.close();
    return;
  }
  const psql = spawn('psql', ['--no-psqlrc', '-At', '-v', 'FETCH_COUNT=5000', place.url, '-c', query], {
    stdio: ['ignore', 'pipe', 'inherit']
  });
  const ended = new Promise<number | null>(resolve => psql.once('close', resolve));
  yield* createInterface({ input: psql.stdout });
  if ((await ended) !== 0) throw new Error('psql could not read the log');
}

export interface ILogCheck {
  readonly records: number;
  /** Acknowledged records that are not there, by name; at most the first of them are named. */
  readonly lost: number;
  readonly lostNames: readonly string[];
  /** Records that are there more often than once, acknowledged or not. */
  readonly twice: number;
  /** What else must not be: holes in indexes or streams, something unreadable, a companion that says records were lost. */
  readonly wrong: readonly string[];
}

const MOST_NAMED = 20;

/** Looks for everything that was acknowledged. */
export async function checkLog(
  place: { readonly file: string } | { readonly url: string },
  promised: readonly IPromised[]
): Promise<ILogCheck> {
  const seen = new Map<string, number>();
  const streams = new Map<string, number>();
  const wrong: string[] = [];
  let next = 0;
  for await (const row of entriesOf(place)) {
    const bar = row.indexOf('|');
    const index = Number(row.slice(0, bar));
    if (index !== next) wrong.push(`after index ${next - 1} comes ${index}`);
    next = index + 1;
    const { stream, seq, record } = JSON.parse(row.slice(bar + 1));
    if (seq !== (streams.get(stream) ?? 0) + 1) {
      wrong.push(`in stream ${stream} comes ${seq} after ${streams.get(stream) ?? 0}`);
    }
    streams.set(stream, seq);
    if (record?.gap?.cause === 'spool-lost') wrong.push(`stream ${stream} says that records were lost`);
    const name: unknown = record?.package?.name;
    if (typeof name === 'string') seen.set(name, (seen.get(name) ?? 0) + 1);
    else if (record === undefined) wrong.push(`entry ${index} holds no record`);
  }
  const lostNames: string[] = [];
  let lost = 0;
  for (const { mark, upTo } of promised) {
    for (let number = 1; number <= upTo; number++) {
      if (seen.has(`${mark}-${number}`)) continue;
      lost += 1;
      if (lostNames.length < MOST_NAMED) lostNames.push(`${mark}-${number} of ${upTo}`);
    }
  }
  const twice = [...seen.values()].reduce((sum, count) => sum + count - 1, 0);
  return { records: next, lost, lostNames, twice, wrong };
}
