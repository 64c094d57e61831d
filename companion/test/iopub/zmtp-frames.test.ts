import fc from 'fast-check';
import { encodeFrame, FrameParser, ZmtpError, type IFrameHead } from '../../src/iopub/zmtp-frames.js';

interface ISeen {
  readonly head: IFrameHead;
  /** null = skipped. */
  readonly body: string | null;
}

/** Everything that a parser makes of these chunks; bodies longer than `wantedBytes` are not wanted. */
function parsed(chunks: readonly Buffer[], wantedBytes = Infinity): ISeen[] {
  const seen: ISeen[] = [];
  const parser = new FrameParser({
    begins: ({ bytes }) => bytes <= wantedBytes,
    ends: (head, body) => void seen.push({ head, body: body.toString('hex') }),
    skipped: head => void seen.push({ head, body: null })
  });
  chunks.forEach(chunk => parser.push(chunk));
  return seen;
}

/** The same bytes in chunks that end at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set([...places.map(place => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b
  );
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const frames = fc.array(
  fc.tuple(
    fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 250, maxLength: 400 })),
    fc.boolean()
  ),
  { maxLength: 8 }
);

describe('frames of ZMTP', () => {
  it('are the same however their bytes come', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat()), fc.constantFrom(10, Infinity), (list, places, wantedBytes) => {
        const bytes = Buffer.concat(
          list.map(([body, isCommand]) => encodeFrame(Buffer.from(body), isCommand))
        );
        const expected = list.map(([body, isCommand]) => ({
          head: { isCommand, hasMore: false, bytes: body.length },
          body: body.length <= wantedBytes ? Buffer.from(body).toString('hex') : null
        }));
        expect(parsed(cut(bytes, places), wantedBytes)).toEqual(expected);
        expect(
          parsed(
            [...bytes].map(byte => Buffer.from([byte])),
            wantedBytes
          )
        ).toEqual(expected);
      }),
      { numRuns: 500 }
    );
  });

  it('say whether more follow', () => {
    expect(parsed([Buffer.from([1, 1, 0x41, 0, 1, 0x42])]).map(({ head }) => head.hasMore)).toEqual([
      true,
      false
    ]);
  });

  it.each([
    ['reserved flags', Buffer.from([0x40, 0])],
    ['a command in parts', Buffer.from([5, 0])],
    ['a length that no number can hold', Buffer.from([2, 0xff, 0, 0, 0, 0, 0, 0, 0])]
  ])('are refused with %s', (_, bytes) => {
    expect(() => parsed([bytes])).toThrow(ZmtpError);
  });

  it('take no memory for a body that nobody wants, however long it says it is', () => {
    const head = Buffer.alloc(9);
    head[0] = 2;
    head.writeBigUInt64BE(2n ** 50n, 1);
    const parser = new FrameParser({ begins: () => false, ends: () => undefined, skipped: () => undefined });
    parser.push(head);
    const chunk = Buffer.alloc(65_536);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 2000; i += 1) {
      parser.push(chunk);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(20e6);
  });

  it('are garbage for any bytes, or frames, but never another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        try {
          parsed([Buffer.from(bytes)], 1000);
        } catch (error) {
          expect(error).toBeInstanceOf(ZmtpError);
        }
      })
    );
  });
});
