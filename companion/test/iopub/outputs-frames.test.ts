import { outputsCollected, Receiver, splitBulk } from '@labkeeper/protocol';
import { FRAME_UNITS, outputsFrames } from '../../src/iopub/outputs-frames.js';

const CELL = { c: 3, outputs: null, executionCount: 5, finished: true };

function read(frames: readonly string[]): { heads: unknown[]; body: string } {
  const heads: unknown[] = [];
  const receiver = new Receiver().on(outputsCollected, params => heads.push(params));
  const bodies = frames.map(frame => {
    const split = splitBulk(Buffer.from(frame, 'utf8').toString('utf8'));
    expect(split && receiver.receive(split.head)).toBe(true);
    return split?.body;
  });
  return { heads, body: bodies.join('') };
}

describe('outputs on their way to a page', () => {
  it('are one frame where they are small, also where there are none', () => {
    const run = 'aaaaaaaa';
    const { heads, body } = read([...outputsFrames(run, CELL, [])]);
    expect(heads).toEqual([{ run, c: 3, executionCount: 5, finished: true, more: false }]);
    expect(body).toBe('[]');
  });

  it('arrive whole in pieces that every server lets through, whatever characters they hold', () => {
    for (const shift of ['', 'x']) {
      const outputs = [{ output_type: 'stream', name: 'stdout', text: shift + '😀'.repeat(FRAME_UNITS) }];
      const frames = [...outputsFrames('aaaaaaaa', CELL, outputs)];
      expect(Math.max(...frames.map(frame => Buffer.byteLength(frame)))).toBeLessThan(4e6);
      const { heads, body } = read(frames);
      expect(JSON.parse(body)).toEqual(outputs);
      expect(heads.map(head => JSON.stringify(head).includes('"more":true'))).toEqual([
        ...frames.slice(1).map(() => true),
        false
      ]);
    }
  });
});
