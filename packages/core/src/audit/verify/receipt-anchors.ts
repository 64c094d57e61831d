import type { SignedReceipt } from '@labkeeper/protocol';
import { receiptText } from '../digest.js';
import type { AnchorVerdict, IAnchorResult, IAnchors } from './anchors.js';
import type { Signatures } from './signatures.js';

/** A record as the service took it. */
export interface IReceived {
  readonly index: number;
  readonly stream: string;
  readonly seq: number;
  /** SHA-256 of its exact bytes, hexadecimal. */
  readonly hash: string;
  /** null = it cannot be read. */
  readonly boot: string | null;
  readonly receivedAtMs: number;
  /** Name of the hub as JSON, as it stands in the log. */
  hub(): string;
}

interface IReceipt {
  readonly name: string;
  readonly receipt: SignedReceipt;
  /** Of the record that the receipt ends with. */
  readonly index: number;
  verdict: AnchorVerdict;
  what: string;
}

/** Holds earlier receipts against the records as they pass. */
export class ReceiptAnchors {
  constructor(receipts: IAnchors['receipts']) {
    for (const { name, receipt } of receipts) {
      const { body } = receipt;
      const index = body.firstIndex + body.seq - body.first;
      const entry: IReceipt = { name, receipt, index, verdict: 'outside', what: '' };
      this.all.push(entry);
      push(this.byIndex, index, entry);
      push(this.byStream, body.stream, entry);
    }
  }

  add(record: IReceived): void {
    if (this.all.length === 0) {
      return;
    }
    const { index, stream, seq } = record;
    for (const entry of this.byIndex.get(index) ?? []) {
      const difference = differenceOf(entry, record);
      if (difference !== null) {
        contradict(entry, difference);
      } else if (entry.verdict === 'outside') {
        entry.verdict = 'fits';
      }
    }
    for (const entry of this.byStream.get(stream) ?? []) {
      if (entry.receipt.body.seq === seq && entry.index !== index) {
        contradict(
          entry,
          `record ${seq} of stream ${stream} was at index ${entry.index} then, and is at ${index} in the export`
        );
      }
    }
  }

  /**
   * @param range - every record of it has to be there; null = only those that were asked for are.
   * @param isDeleted - whether retention deleted it.
   */
  results(
    signatures: Signatures,
    range: { readonly firstIndex: number; readonly endIndex: number } | null,
    isDeleted: (index: number) => boolean = () => false
  ): readonly IAnchorResult[] {
    return this.all.map(entry => {
      const { name, receipt, index } = entry;
      if (entry.verdict === 'outside' && isDeleted(index)) {
        const what = `The receipt is for index ${index}, which retention deleted: nothing is left that it could be held against.`;
        return { kind: 'receipt', name, verdict: 'outside', what };
      }
      if (entry.verdict === 'outside' && range && index >= range.firstIndex && index < range.endIndex) {
        contradict(entry, `its record, index ${index}, is not in the export, though the range has it`);
      }
      const holds = signatures.holds(receipt.key, receiptText(receipt.body), receipt.signature);
      return { kind: 'receipt', name, ...judged(entry, holds) };
    });
  }

  private readonly all: IReceipt[] = [];
  private readonly byIndex = new Map<number, IReceipt[]>();
  private readonly byStream = new Map<string, IReceipt[]>();
}

function judged(entry: IReceipt, holds: boolean | null): Pick<IAnchorResult, 'verdict' | 'what'> {
  const { body, key } = entry.receipt;
  if (holds === false) {
    return {
      verdict: 'not-genuine',
      what: `The receipt itself was altered: the signature with key ${key} does not hold. It proves nothing.`
    };
  }
  const unknown =
    holds === null
      ? ` The export does not list its key, ${key}: keys of the log were left out, or the receipt is of another service.`
      : '';
  switch (entry.verdict) {
    case 'contradicts':
      return { verdict: 'contradicts', what: `The receipt says something else: ${entry.what}.${unknown}` };
    case 'outside':
      return {
        verdict: 'outside',
        what: `The receipt is for index ${entry.index}, which the export does not have.${unknown}`
      };
    default:
      return holds
        ? {
            verdict: 'fits',
            what: `Record ${body.seq} of stream ${body.stream} (index ${entry.index}) is the one that it was given for, and so are those before it, as far as their chain is here without a break.`
          }
        : {
            verdict: 'not-genuine',
            what: `The receipt says the same as the export, but proves nothing.${unknown}`
          };
  }
}

/** What a record has that its receipt has otherwise; null = nothing. */
function differenceOf({ receipt: { body }, index }: IReceipt, record: IReceived): string | null {
  const place = `record ${body.seq} of stream ${body.stream} (index ${index})`;
  if (body.stream !== record.stream || body.seq !== record.seq) {
    return `it is for ${place}, where the export has another`;
  }
  if (body.head !== record.hash || (record.boot !== null && record.boot !== body.boot)) {
    return `${place} is not the one that it was given for`;
  }
  if (body.receivedAtMs !== record.receivedAtMs || JSON.stringify(body.hub) !== record.hub()) {
    return `${place} came at another time, or to another hub`;
  }
  return null;
}

function contradict(entry: IReceipt, what: string): void {
  if (entry.verdict !== 'contradicts') {
    entry.verdict = 'contradicts';
    entry.what = what;
  }
}

function push<Key>(map: Map<Key, IReceipt[]>, key: Key, entry: IReceipt): void {
  const list = map.get(key);
  if (list) {
    list.push(entry);
  } else {
    map.set(key, [entry]);
  }
}
