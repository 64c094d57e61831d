import { extname } from 'node:path';

/** NAME_MAX of nearly every file system (limits.h), in bytes. */
const NAME_BYTES = 255;
/** What is longer than this after the last dot is no file type, in characters. */
const LONGEST_SUFFIX = 20;

/**
 * A name beside `name`: `a.ipynb` and "recovered 2026-11-26 10.41" give `a (recovered 2026-11-26 10.41).ipynb`, the
 * second one of it `a (recovered 2026-11-26 10.41 2).ipynb`. One that would be too long loses the end of its stem.
 *
 * @param number - from 1.
 */
export function besideName(name: string, what: string, number: number): string {
  const found = extname(name);
  const suffix = found.length <= LONGEST_SUFFIX ? found : '';
  const end = ` (${what}${number === 1 ? '' : ` ${number}`})${suffix}`;
  let stem = name.slice(0, name.length - suffix.length);
  while (Buffer.byteLength(stem) + Buffer.byteLength(end) > NAME_BYTES) {
    stem = [...stem].slice(0, -1).join('');
  }
  return stem + end;
}
