import { OUTPUTS_PART, type outputsCollected, type parseParams } from '@labkeeper/protocol';

/** One message with outputs of a cell, or a part of them. */
export type OutputsMessage = ReturnType<typeof parseParams<typeof outputsCollected.params>>;

/** What is told of a cell with each part of its outputs. */
export type ICellOutputs = Omit<OutputsMessage, 'at' | 'more' | 'part'>;

/** A page that takes outputs. */
export interface IOutputsSink {
  /** @returns whether it is on its way; false = the page is gone. Waits while the page reads slowly. */
  send(message: OutputsMessage): Promise<boolean>;
}

/** The messages that hand a cell's outputs to a page, one after the other. @param body - all outputs, as JSON. */
export function* outputsParts(cell: ICellOutputs, body: string): Generator<OutputsMessage> {
  for (const part of splitText(body)) {
    yield { ...cell, ...part };
  }
}

/** Cuts a text into parts for messages; an empty one is one part. */
export function* splitText(body: string): Generator<Pick<OutputsMessage, 'at' | 'more' | 'part'>> {
  let from = 0;
  do {
    let to = Math.min(body.length, from + OUTPUTS_PART);
    if (to < body.length && isHighHalf(body.charCodeAt(to - 1))) {
      // Half a character cannot be sent.
      to -= 1;
    }
    yield { at: from, more: to < body.length, part: body.slice(from, to) };
    from = to;
  } while (from < body.length);
}

function isHighHalf(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
