/** Digits of the hash that a short receipt has. */
const DIGITS = 8;

/** What a receipt vouches for, as far as its short form tells it. */
export interface IReceiptPlace {
  /** Number of the last record that it covers, in the log. */
  readonly index: number;
  /** How the hash of that record begins, or all of it. */
  readonly head: string;
}

/**
 * The short form of a receipt, by which people name it: the number of the last record that it covers, and the first digits of
 * that record's hash. Whoever has the log finds the record by the one, and sees by the other that it is still the same.
 */
export function shortReceipt(body: {
  readonly first: number;
  readonly seq: number;
  readonly firstIndex: number;
  readonly head: string;
}): string {
  // The records of one receipt lie one behind the other.
  return receiptAt(body.firstIndex + body.seq - body.first, body.head);
}

/** The same for a record. @param head - its hash. */
export function receiptAt(index: number, head: string): string {
  return `${index}-${head.slice(0, DIGITS)}`;
}

/** A short receipt as somebody typed it, with all of the hash or its first digits; null = it is none. */
export function readShortReceipt(typed: string): IReceiptPlace | null {
  const [, index, head] = /^#?(\d{1,15})\s*[-–]\s*([0-9a-f]{8,64})$/i.exec(typed.trim()) ?? [];
  return index === undefined || head === undefined
    ? null
    : { index: Number(index), head: head.toLowerCase() };
}
