import fc from 'fast-check';
import { printed } from './iopub.test.data.js';
import { StreamText } from './stream-text.js';
import { utf8Bytes } from './utf8-bytes.js';

function shown(...pieces: string[]): string {
  const text = new StreamText();
  pieces.forEach(piece => text.add(piece));
  return text.text;
}

describe('the text of a stream', () => {
  it.each([
    ['plain', ['a\nb', 'c\n'], 'a\nbc\n'],
    ['a progress bar', ['10%', '\r20%', '\r100%', '\ndone'], '100%\ndone'],
    ['a shorter line over a longer one', ['hello\rHE'], 'HEllo'],
    ['Windows line ends', ['a\r\nb\r\n'], 'a\nb\n'],
    ['a line feed in the middle of an overwritten line', ['abc\rX\nnext'], 'Xbc\nnext'],
    ['backspaces', ['abc\b\bX'], 'aX'],
    ['backspaces at the beginning of a line', ['a\n\b\bX'], 'a\nX'],
    // As JupyterLab does it: the character under the cursor goes too.
    ['a backspace in the middle of a line', ['abcdef\rXY\b'], 'Xdef'],
    ['a carriage return that comes alone', ['abc', '\r', 'X'], 'Xbc']
  ])('%s', (_, pieces, expected) => {
    expect(shown(...pieces)).toBe(expected);
  });

  it('is the same however it is cut into messages', () => {
    fc.assert(
      fc.property(fc.array(printed), pieces => {
        expect(shown(...pieces)).toBe(shown(pieces.join('')));
      }),
      { numRuns: 1000 }
    );
  });

  it('tells what changed, so that whoever follows has the same text', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(printed, fc.boolean())), steps => {
        const text = new StreamText();
        let followed = '';
        for (const [piece, looks] of steps) {
          text.add(piece);
          const change = looks ? text.take() : null;
          followed = change ? followed.slice(0, change.at) + change.text : followed;
          if (looks) {
            expect(followed).toBe(text.text);
            expect(text.isChanged).toBe(false);
          }
        }
      }),
      { numRuns: 1000 }
    );
  });

  it('tells of a growing text only what is new', () => {
    const text = new StreamText();
    text.add('x'.repeat(10_000));
    text.take();
    text.add('yes');
    expect(text.take()).toEqual({ at: 10_000, text: 'yes' });
    text.add('\nmore\n');
    expect(text.take()).toEqual({ at: 10_003, text: '\nmore\n' });
    expect(text.take()).toBeNull();
  });

  it('knows its bytes', () => {
    fc.assert(
      fc.property(fc.array(printed), pieces => {
        const text = new StreamText();
        pieces.forEach(piece => text.add(piece));
        expect(text.bytes).toBe(utf8Bytes(text.text));
        expect(text.size.jsonBytes).toBe(utf8Bytes(JSON.stringify(text.text)) - 2);
      }),
      { numRuns: 1000 }
    );
  });

  it('keeps its end, and says how much went', () => {
    fc.assert(
      fc.property(
        fc.array(printed, { maxLength: 20 }),
        fc.nat({ max: 100 }),
        printed,
        (pieces, limit, next) => {
          const whole = new StreamText();
          const cut = new StreamText();
          pieces.forEach(piece => [whole, cut].forEach(text => text.add(piece)));
          const before = cut.bytes;
          const gone = cut.keepEnd(limit);
          expect(whole.text.endsWith(cut.text)).toBe(true);
          expect(before - gone).toBe(cut.bytes);
          expect(gone > 0).toBe(before > limit);
          cut.add(`\n${next}`);
          whole.add(`\n${next}`);
          expect(whole.text.endsWith(cut.text)).toBe(true);
        }
      ),
      { numRuns: 1000 }
    );
  });

  it('begins with a line where one is near', () => {
    const text = new StreamText();
    text.add(Array.from({ length: 1000 }, (_, i) => `line ${i}\n`).join(''));
    text.keepEnd(1000);
    expect(text.text).toMatch(/^line \d+\n/);
  });
});

describe('utf8Bytes', () => {
  it('counts as the system does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(utf8Bytes(text)).toBe(Buffer.byteLength(text, 'utf8'));
      }),
      { numRuns: 1000 }
    );
    expect(utf8Bytes('\ud800')).toBe(3);
    expect(utf8Bytes('\ud800x')).toBe(4);
  });
});
