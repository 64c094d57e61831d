/** A file that can be read again. A block or line is only good until the next one. */
export interface IExportSource {
  /** Its bytes, or those of [from, to). */
  blocks(from?: number, to?: number): Iterable<Uint8Array>;
  /** Its lines, or those of [from, to), from the last one to the first, without their newlines. */
  linesBackwards(from?: number, to?: number): Iterable<Uint8Array>;
}
