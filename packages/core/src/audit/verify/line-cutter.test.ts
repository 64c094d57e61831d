import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { LineCutter } from './line-cutter.js';

const MAX = 20;

/** Lines that were given, `null` for one that was too long; hashes before each line that begins with `#`. */
function cut(text: string, blockBytes: number) {
  const running = createHash('sha256');
  const lines: (string | null)[] = [];
  const hashes: string[] = [];
  const cutter: LineCutter = new LineCutter(
    { update: bytes => void running.update(bytes), hexSoFar: () => running.copy().digest('hex') },
    {
      line: line => {
        lines.push(Buffer.from(line).toString('latin1'));
        if (line[0] === 0x23) {
          hashes.push(cutter.hexBefore());
        }
      },
      longLine: () => void lines.push(null)
    },
    MAX
  );
  const bytes = Buffer.from(text, 'latin1');
  const block = Buffer.alloc(blockBytes);
  for (let at = 0; at < bytes.length; at += blockBytes) {
    cutter.push(block.subarray(0, bytes.copy(block, 0, at, at + blockBytes)));
  }
  return { lines, hashes, isTorn: cutter.isTorn };
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');

describe('the line cutter', () => {
  it('gives the same lines and hashes for blocks of any size', () => {
    const text = fc
      .array(fc.constantFrom('a', '#', '\n', 'bbbbbbbb', '#\n'), { maxLength: 40 })
      .map(parts => parts.join(''));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 90 }), (text, blockBytes) => {
        const { lines, hashes, isTorn } = cut(text, blockBytes);
        const whole = text.split('\n');
        const torn = whole.pop() ?? '';
        const expected = whole.map(line => (line.length > MAX ? null : line));
        expect(lines).toEqual(torn.length > MAX ? [...expected, null] : expected);
        expect(isTorn).toBe(torn.length > 0);
        let at = 0;
        const before: string[] = [];
        for (const line of whole) {
          if (line.startsWith('#') && line.length <= MAX) {
            before.push(sha256(text.slice(0, at)));
          }
          at += line.length + 1;
        }
        expect(hashes).toEqual(before);
      })
    );
  });
});
