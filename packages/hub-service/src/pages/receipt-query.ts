import { readShortReceipt, shortReceipt, type IReceiptPlace } from '@labkeeper/core';
import { parseShape } from '@labkeeper/protocol';
import * as v from 'valibot';

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** A receipt as its file in the container has it, as far as it says what it vouches for. */
const WholeReceipt = v.object({
  body: v.object({
    first: Count,
    seq: Count,
    firstIndex: Count,
    head: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
  })
});

/** What was typed into "Receipt or record number". */
export type ReceiptAsked =
  | { readonly kind: 'record'; readonly index: number }
  /** `short`: as JupyterLab shows it. */
  | { readonly kind: 'receipt'; readonly place: IReceiptPlace; readonly short: string }
  /** A hash without the number of a record. */
  | { readonly kind: 'digest'; readonly head: string }
  /** Nothing, or something else. */
  | { readonly kind: 'none' };

/** The name of the field in the address. */
export const RECEIPT_FIELD = 'of';
/** Longest text in it: a receipt's file has some 600 characters. */
export const RECEIPT_LENGTH = 1500;

/** Reads the query of an address. */
export function readReceiptQuery(query: unknown): ReceiptAsked {
  const given =
    typeof query === 'object' && query !== null && RECEIPT_FIELD in query ? query[RECEIPT_FIELD] : '';
  const typed = typeof given === 'string' && given.length <= RECEIPT_LENGTH ? given.trim() : '';
  if (/^#?\d{1,15}$/.test(typed)) {
    return { kind: 'record', index: Number(typed.replace('#', '')) };
  }
  const short = typed.startsWith('{') ? shortOf(typed) : typed;
  const place = readShortReceipt(short);
  if (place !== null) {
    return { kind: 'receipt', place, short };
  }
  return /^[0-9a-f]{8,64}$/i.test(typed) ? { kind: 'digest', head: typed.toLowerCase() } : { kind: 'none' };
}

/** The address of what was typed, for the record of looks. */
export function receiptAddress(asked: ReceiptAsked): string {
  const text = asked.kind === 'receipt' ? asked.short : asked.kind === 'digest' ? asked.head : '';
  return `/receipt?${new URLSearchParams({ [RECEIPT_FIELD]: text }).toString()}`;
}

function shortOf(text: string): string {
  const receipt = parseShape(WholeReceipt, text);
  return receipt === null ? '' : shortReceipt(receipt.body);
}
