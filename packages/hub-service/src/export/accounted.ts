import type { ILogFilter } from '../store/log-reader.js';
import { refuseMissing } from '../store/refuse-missing.js';
import { blocks } from './blocks.js';
import type { IExportSource, ILoggedEntry } from './export-source.js';
import { vanishedOf } from './vanished.js';

/**
 * The records of a range, some at a time, for files in which nobody could find a gap.
 *
 * @param filter - null = all.
 * @throws where a record is missing that no act of retention deleted; with a filter only those are looked at that it means, and
 * `missingSentence` tells of the others.
 */
export async function* accounted(
  source: IExportSource,
  firstIndex: number,
  endIndex: number,
  filter: ILogFilter | null
): AsyncGenerator<readonly ILoggedEntry[]> {
  let expected = firstIndex;
  const gaps = (indexes: readonly number[]): readonly (readonly [number, number])[] =>
    indexes.flatMap(index => {
      const from = expected;
      expected = index + 1;
      return index > from ? [[from, index] as const] : [];
    });
  for await (const block of blocks(source.entries(firstIndex, endIndex, filter, false))) {
    if (filter === null) {
      await refuseMissing(source, gaps(block.map(({ index }) => index)));
    }
    yield block;
  }
  if (filter === null) {
    await refuseMissing(source, gaps([endIndex]));
  }
}

/** What a file has to say of records that retention deleted; null = nothing. */
export async function goneSentence(
  source: IExportSource,
  firstIndex: number,
  endIndex: number,
  filter: ILogFilter | null
): Promise<string | null> {
  const count = (await source.goneCount?.(firstIndex, endIndex)) ?? 0;
  if (count === 0) {
    return null;
  }
  const which = filter === null ? '' : '; whether the filter would mean them is not known any more';
  return `${count} of the records ${firstIndex} to ${endIndex - 1} were deleted by retention, each by an act that is in the log${which}.`;
}

/**
 * What a filtered file has to say of records that have vanished from the log without an act; null = nothing. Without a filter
 * they are an error.
 */
export async function missingSentence(
  source: IExportSource,
  firstIndex: number,
  endIndex: number,
  filter: ILogFilter | null
): Promise<string | null> {
  const vanished = filter && (await vanishedOf(source, firstIndex, endIndex));
  if (vanished === null) {
    return null;
  }
  const { count } = vanished;
  return `${count} of the records ${firstIndex} to ${endIndex - 1} ${count === 1 ? 'is' : 'are'} missing from the log, the first of them record ${vanished.firstIndex}, and no act of retention deleted ${count === 1 ? 'it' : 'them'}; whether the filter would mean ${count === 1 ? 'it' : 'them'} is not known any more.`;
}
