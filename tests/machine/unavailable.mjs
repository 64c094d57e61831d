/** Something from outside the repository cannot be had here: the tests are skipped, with this sentence. */
export class Unavailable extends Error {
  name = 'Unavailable';
}

/** What automake, Debian's autopkgtest and others take for "skipped". */
export const SKIPPED = 77;
