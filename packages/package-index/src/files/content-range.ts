/** Bytes of a whole, both ends included. */
export interface IByteRange {
  readonly first: number;
  readonly last: number;
}

/** What an answer says of which bytes it holds; null = it cannot be read. `bytes 0-99/1000`, `bytes 0-99/*`. */
export function contentRange(
  header: string | undefined
): (IByteRange & { readonly totalBytes: number | null }) | null {
  const [, first, last, total] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || Number(first) > Number(last)) {
    return null;
  }
  return { first: Number(first), last: Number(last), totalBytes: total === '*' ? null : Number(total) };
}

/**
 * The one range that is asked for. What cannot be read, or is more than one range, is no range: the whole is sent, as RFC 9110
 * allows.
 *
 * @returns null = the whole; `unsatisfiable` = nothing of it is there.
 */
export function requestedRange(
  header: string | undefined,
  totalBytes: number
): IByteRange | 'unsatisfiable' | null {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? [];
  if (from === '' && to === '') {
    return null;
  }
  const first = from === '' ? Math.max(0, totalBytes - Number(to)) : Number(from);
  const last = from === '' || to === '' ? totalBytes - 1 : Math.min(Number(to), totalBytes - 1);
  if (from !== '' && to !== '' && Number(to) < Number(from)) {
    return null;
  }
  return first > last ? 'unsatisfiable' : { first, last };
}
