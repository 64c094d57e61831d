import { GONE_AT_ONCE } from '@labkeeper/protocol';
import type { IExportSource, IGoneEntries, ILoggedEntry } from './export-source.js';

/** Lines that are handed on at a time: few enough to hold. */
const LINES = 100;

/** Puts lines between those of the records where retention deleted some. */
export class GoneLines {
  /** @param expected - the first index of the range. */
  constructor(
    private readonly source: Pick<IExportSource, 'gone'>,
    private expected: number
  ) {}

  /** The lines of a block of records that are there, with those of what is gone before and between them. */
  async *around(
    block: readonly ILoggedEntry[],
    line: (entry: ILoggedEntry) => string
  ): AsyncGenerator<readonly string[]> {
    const end = (block.at(-1)?.index ?? this.expected - 1) + 1;
    // Asked for after the records were read: what was deleted until then is told by now.
    const hasGaps = end - this.expected > block.length;
    let lines: string[] = [];
    for (const entry of block) {
      if (hasGaps) {
        for await (const gone of this.before(entry.index, end)) {
          lines.push(gone);
          if (lines.length >= LINES) {
            yield lines;
            lines = [];
          }
        }
      }
      lines.push(line(entry));
      this.expected = entry.index + 1;
    }
    yield lines;
  }

  /** What is gone behind the last record. @param endIndex - of the range. */
  async *rest(endIndex: number): AsyncGenerator<readonly string[]> {
    for await (const gone of this.before(endIndex, endIndex)) {
      yield [gone];
    }
  }

  /** Lines for what is gone before an index. @param end - how far it is read ahead. */
  private async *before(index: number, end: number): AsyncGenerator<string> {
    while (this.expected < index) {
      const next = await this.next(end);
      if (!next || next.firstIndex >= index) {
        // What is missing without an act is missing from the export too.
        return;
      }
      const from = Math.max(next.firstIndex, this.expected);
      const until = Math.min(next.firstIndex + next.count, index);
      yield* linesOf(next, from, until);
      // A record that was read before it was deleted stands for itself, and the rest of its range follows it.
      this.expected = until;
    }
  }

  /** The next range that is gone, a page of them at a time; null = there is none before `end`. */
  private async next(end: number): Promise<IGoneEntries | null> {
    this.page = this.page.filter(({ firstIndex, count }) => firstIndex + count > this.expected);
    if (this.page.length === 0) {
      this.page = [...((await this.source.gone?.(this.expected, end)) ?? [])];
    }
    return this.page[0] ?? null;
  }

  private page: IGoneEntries[] = [];
}

function* linesOf({ firstIndex, leaves }: IGoneEntries, from: number, until: number): Generator<string> {
  for (let first = from; first < until; first += GONE_AT_ONCE) {
    const count = Math.min(GONE_AT_ONCE, until - first);
    const bytes = leaves?.subarray((first - firstIndex) * 32, (first - firstIndex + count) * 32);
    const hashes = bytes ? `,"leaves":"${Buffer.from(bytes).toString('hex')}"` : '';
    yield `{"gone":{"firstIndex":${first},"count":${count}${hashes}}}`;
  }
}
