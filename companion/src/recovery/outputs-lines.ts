import { splitText } from '../iopub/outputs-parts.js';

/** A cell with outputs, as the process that reads them tells it, without them. */
export interface IToldCell {
  /** Its place in the file. */
  readonly c: number;
  readonly id: string | null;
  /** `textSum` of its source in the file. */
  readonly sum: number;
  /** The code that ran; null = that of the file. */
  readonly newSource: string | null;
  readonly executionCount: number | null;
  /** What the journal calls it, where its request is still known; null = it is not. */
  readonly asked: number | null;
}

/** One line of that: a part of the cell's outputs, which are one JSON text. */
export interface IToldPart extends IToldCell {
  readonly kind: 'part';
  readonly at: number;
  readonly more: boolean;
  readonly part: string;
}

/** The parts of a cell's outputs, one after the other. @param body - all outputs, as JSON. */
export function* cellParts(cell: IToldCell, body: string): Generator<IToldPart> {
  for (const part of splitText(body)) {
    yield { kind: 'part', ...cell, ...part };
  }
}

/** What a line of the process says. @returns null for what is none. */
export function parseToldPart(line: string): IToldPart | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The process was killed in the middle of a line: the caller misses the end.
    return null;
  }
  const fields: Readonly<Record<string, unknown>> = { ...(typeof value === 'object' ? value : null) };
  const { kind, c, id, sum, newSource, executionCount, asked, at, more, part } = fields;
  return kind === 'part' &&
    typeof c === 'number' &&
    (typeof id === 'string' || id === null) &&
    typeof sum === 'number' &&
    (typeof newSource === 'string' || newSource === null) &&
    (typeof executionCount === 'number' || executionCount === null) &&
    (typeof asked === 'number' || asked === null) &&
    typeof at === 'number' &&
    typeof more === 'boolean' &&
    typeof part === 'string'
    ? { kind, c, id, sum, newSource, executionCount, asked, at, more, part }
    : null;
}
