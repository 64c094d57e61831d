import type { IDisorder, IPutBack } from './disorder.js';
import type { IExportSource } from './export-source.js';
import { DIGEST_PLACES, type ILinePart, type IStretches } from './line-stretches.js';
import type { IVerifyTools } from './tools.js';

const NEWLINE = Uint8Array.of(0x0a);

/** A file whose lines were put back where they belong: what it was before, as far as its lines tell. */
export class PutBackFile {
  constructor(
    private readonly source: IExportSource,
    private readonly tools: Pick<IVerifyTools, 'encode' | 'decode'>,
    private readonly found: IStretches,
    private readonly disorder: IDisorder
  ) {
    [...found.head, ...disorder.lead].forEach(part => this.number(part, 1));
    for (const part of disorder.parts) {
      this.number(part, part.step);
      part.others.forEach(other => this.number(other, 1));
    }
    found.tail.forEach(part => this.number(part, 1));
  }

  /** Its bytes, in order. */
  *blocks(): Generator<Uint8Array> {
    for (const { from, to } of [...this.found.head, ...this.disorder.lead]) {
      yield* this.source.blocks(from, to);
    }
    for (const part of this.disorder.parts) {
      yield* this.part(part);
      for (const { from, to } of part.others) {
        yield* this.source.blocks(from, to);
      }
    }
    for (const { from, to } of this.found.tail) {
      yield* this.source.blocks(from, to);
    }
    // A line that does not end.
    yield* this.source.blocks(this.found.bytes);
  }

  /** Its digests and acts of retention, from the last line of them backwards. */
  *announcing(): Generator<Uint8Array> {
    const digests = this.disorder.parts.filter(({ first }) => first >= DIGEST_PLACES);
    for (const { from, to } of [...digests, ...this.found.tail].reverse()) {
      yield* this.source.linesBackwards(from, to);
    }
  }

  /** Where a line of it stands in the file, from 1. */
  lineOf(line: number): number {
    let [low, high] = [0, this.numbers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.numbers[middle]?.after ?? Infinity) < line) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const found = this.numbers[low];
    if (!found) {
      // Behind the last one that ends.
      return this.found.lines + line - this.lines;
    }
    const { part, step, after } = found;
    return step === 1 ? part.line + part.lines - 1 - (after - line) : part.line + after - line;
  }

  private *part({ from, to, step, lines, says }: IPutBack): Generator<Uint8Array> {
    if (step === -1 && lines > 1) {
      for (const line of this.source.linesBackwards(from, to)) {
        yield line;
        yield NEWLINE;
      }
    } else if (says === null) {
      yield* this.source.blocks(from, to);
    } else {
      const text = this.tools.encode(`{"index":${says}`);
      const line = bytesOf(this.source, from, to);
      yield text;
      yield line.subarray(afterIndex(line));
    }
  }

  private number(part: ILinePart, step: 1 | -1): void {
    this.lines += part.lines;
    this.numbers.push({ part, step, after: this.lines });
  }

  private lines = 0;
  /** `after`: so many lines there are with it. */
  private readonly numbers: { readonly part: ILinePart; readonly step: 1 | -1; readonly after: number }[] =
    [];
}

/** Whether two parts of a file are the same, byte for byte. */
export function isSamePart(source: IExportSource, one: ILinePart, other: ILinePart): boolean {
  if (one.to - one.from !== other.to - other.from) {
    return false;
  }
  for (let at = 0; at < one.to - one.from; at += STEP_BYTES) {
    const [first, second] = [one, other].map(({ from, to }) =>
      bytesOf(source, from + at, Math.min(from + at + STEP_BYTES, to))
    );
    if (!first || !second || !areSame(first, second)) {
      return false;
    }
  }
  return true;
}

/** So much of two parts is held at once, in bytes. */
const STEP_BYTES = 1024 * 1024;
const COMMA = 0x2c;

/** Where the rest of a record's line begins, behind its index. */
function afterIndex(line: Uint8Array): number {
  return Math.max(0, line.indexOf(COMMA));
}

function bytesOf(source: IExportSource, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(to - from);
  let at = 0;
  for (const block of source.blocks(from, to)) {
    bytes.set(block, at);
    at += block.length;
  }
  return bytes.subarray(0, at);
}

function areSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
