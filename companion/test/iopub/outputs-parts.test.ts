import { encode, OUTPUTS_PART, outputsCollected, Receiver } from '@labkeeper/protocol';
import { outputsParts, type ICellOutputs, type OutputsMessage } from '../../src/iopub/outputs-parts.js';

const CELL: ICellOutputs = {
  ...{ run: 'aaaaaaaa', c: 3, id: null, sum: null, newSource: null, msgId: 'm', kernelId: 'k' },
  ...{ executionCount: 5, finished: true }
};

function read(body: string): OutputsMessage[] {
  const read: OutputsMessage[] = [];
  const receiver = new Receiver().on(outputsCollected, params => read.push(params));
  for (const message of outputsParts(CELL, body)) {
    // As bytes, as on the wire: half a character would not come through.
    receiver.receive(Buffer.from(encode(outputsCollected, message), 'utf8').toString('utf8'));
  }
  return read;
}

describe('outputs on their way to a page', () => {
  it('are one message where they are small', () => {
    expect(read('[]')).toEqual([{ ...CELL, at: 0, more: false, part: '[]' }]);
  });

  it('arrive whole in parts that every server lets through, whatever characters they hold', () => {
    for (const shift of ['', 'x']) {
      const body = JSON.stringify([shift + '😀'.repeat(OUTPUTS_PART)]);
      const parts = read(body);
      expect(parts.map(({ part }) => part).join('')).toBe(body);
      expect(parts.map(({ more }) => more)).toEqual([...parts.slice(1).map(() => true), false]);
      let at = 0;
      for (const message of parts) {
        expect(message.at).toBe(at);
        at += message.part.length;
      }
    }
  });
});
