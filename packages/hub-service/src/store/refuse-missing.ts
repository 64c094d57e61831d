/** Records that lie one behind the other, and were deleted by retention. */
interface IGone {
  readonly firstIndex: number;
  readonly count: number;
}

/** Tells what retention deleted of [firstIndex, endIndex), in order: the first ranges of it. */
export interface IGoneSource {
  gone?(firstIndex: number, endIndex: number): Promise<readonly IGone[]>;
}

/**
 * Of a record that is not there any more the log must say why.
 *
 * @param missing - ranges [first, end) of indexes, in order.
 * @throws where no act of retention deleted one of them.
 */
export async function refuseMissing(
  source: IGoneSource,
  missing: readonly (readonly [first: number, end: number])[]
): Promise<void> {
  const lastEnd = missing.at(-1)?.[1] ?? 0;
  let page: readonly IGone[] = [];
  const covering = (index: number): IGone | undefined =>
    page.find(({ firstIndex, count }) => firstIndex + count > index);
  for (const [first, end] of missing) {
    for (let index = first; index < end;) {
      if (!covering(index)) {
        page = (await source.gone?.(index, lastEnd)) ?? [];
      }
      const gone = covering(index);
      if (!gone || gone.firstIndex > index) {
        throw new Error(
          `Record ${index} is missing from the log, and no act of retention deleted it. A whole export as JSONL can still be made, and labkeeper verify says what else is missing; restore the log from a backup.`
        );
      }
      index = gone.firstIndex + gone.count;
    }
  }
}
