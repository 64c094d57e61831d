import fc from 'fast-check';
import type { JournalRecord } from '@labkeeper/protocol';
import { anyOutput, clear, failure, print, result, show, update } from './iopub.test.data.js';
import {
  LEFT_OUT_TYPE,
  OutputList,
  parseOutputMessage,
  readLeftOut,
  type IIopubMessage,
  type Json
} from './index.js';
import { utf8Bytes } from './utf8-bytes.js';

const UNLIMITED = { headBytes: 1e9, tailBytes: 1e6 };

function feed(list: OutputList, ...messages: IIopubMessage[]): void {
  for (const message of messages) {
    const output = parseOutputMessage(message);
    if (output && (output.kind === 'output' || output.kind === 'update') && output.displayId !== null) {
      list.update(output.displayId, output.output, output.size);
    }
    if (output) {
      list.add(output);
    }
  }
}

function outputsOf(...messages: IIopubMessage[]): Json[] {
  const list = new OutputList(UNLIMITED);
  feed(list, ...messages);
  return list.toJSON();
}

/** What a reader of the journal makes of records for cell 7. */
function apply(outputs: Json[], records: readonly JournalRecord[]): Json[] {
  let now = outputs;
  for (const record of records) {
    if (record.t === 'out' && record.c === 7) {
      now = [...now.slice(0, record.from), ...record.v];
    } else if (record.t === 'app' && record.c === 7) {
      const text = String(now[record.i]?.['text']).slice(0, record.at) + record.v;
      now = now.map((output, index) => (index === record.i ? { ...output, text } : output));
    } else {
      throw new Error(`unexpected: ${record.t}`);
    }
  }
  return now;
}

const stream = (text: string, name = 'stdout') => ({ output_type: 'stream', name, text });
const data = (text: string) => ({ output_type: 'display_data', data: { 'text/plain': text }, metadata: {} });

describe('the outputs of a cell', () => {
  it('join what is printed to the same stream in a row', () => {
    expect(
      outputsOf(print('a'), print('b'), print('e', 'a', 'stderr'), print('c'), show('d'), print('f'))
    ).toEqual([stream('ab'), stream('e', 'stderr'), stream('c'), data('d'), stream('f')]);
  });

  it('keep results and errors with all their fields', () => {
    expect(outputsOf(result('1', 3), failure())).toEqual([
      { output_type: 'execute_result', data: { 'text/plain': '1' }, metadata: {}, execution_count: 3 },
      { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['one', 'two'] }
    ]);
  });

  it('are cleared at once, or by the next output', () => {
    expect(outputsOf(print('a'), clear(false))).toEqual([]);
    expect(outputsOf(print('a'), clear(true))).toEqual([stream('a')]);
    expect(outputsOf(print('a'), clear(true), print('b'), print('c'))).toEqual([stream('bc')]);
  });

  it('show what a display became, wherever it is', () => {
    expect(outputsOf(show('1', 'x'), print('p'), show('2', 'y'), update('new', 'x'))).toEqual([
      data('new'),
      stream('p'),
      data('2')
    ]);
    // The same display shown again changes the first too.
    expect(outputsOf(show('1', 'x'), show('2', 'x'))).toEqual([data('2'), data('2')]);
    expect(outputsOf(show('1', 'x'), clear(false), update('new', 'x'))).toEqual([]);
  });

  it('hold nothing of messages that are malformed, and no transient fields', () => {
    expect(parseOutputMessage({ ...print(''), content: { name: 'stdout' } })).toBeNull();
    expect(parseOutputMessage({ ...failure(), content: { ename: 'E' } })).toBeNull();
    expect(parseOutputMessage({ ...update('', 'x'), content: {} })).toBeNull();
    const bare: IIopubMessage = { ...show(''), content: { data: null, transient: { display_id: 4 } } };
    expect(outputsOf(bare)).toEqual([{ output_type: 'display_data', data: {}, metadata: {} }]);
  });

  it('are the same for whoever applies their records, whenever those are taken', () => {
    const limits = fc.constantFrom(UNLIMITED, { headBytes: 2000, tailBytes: 600 });
    fc.assert(
      fc.property(limits, fc.array(fc.tuple(anyOutput(), fc.nat({ max: 3 }))), (limit, steps) => {
        const list = new OutputList(limit);
        let followed: Json[] = [];
        for (const [message, looks] of steps) {
          feed(list, message);
          if (looks === 0) {
            const records = list.take(7);
            followed = apply(followed, records);
            expect(followed).toEqual(list.toJSON());
            expect(list.isChanged).toBe(false);
            expect(list.take(7)).toEqual([]);
          }
        }
        expect(apply([], list.take(7, true))).toEqual(list.toJSON());
      }),
      { numRuns: 2000 }
    );
  });

  it('cost in the journal what was printed, not more', () => {
    const list = new OutputList(UNLIMITED);
    let written = 0;
    for (let line = 0; line < 1000; line += 1) {
      feed(list, print(`${'x'.repeat(99)}\n`));
      written += JSON.stringify(list.take(7)).length;
    }
    expect(written).toBeLessThan(2 * 100_000);
  });
});

describe('outputs above the limit', () => {
  const limits = { headBytes: 10_000, tailBytes: 2000 };

  it('keep the beginning and the end, and say how much is missing between', () => {
    const list = new OutputList(limits);
    for (let line = 0; line < 10_000; line += 1) {
      feed(list, print(`line ${line}\n`));
    }
    feed(list, failure());
    const [head, marker, tail, error] = list.toJSON();
    expect(head?.['text']).toMatch(/^line 0\n/);
    expect(tail?.['text']).toMatch(/^line \d+\n[^]*line 9999\n$/);
    expect(error).toMatchObject({ output_type: 'error' });
    const whole = Array.from({ length: 10_000 }, (_, line) => `line ${line}\n`).join('');
    const kept = utf8Bytes(String(head?.['text'])) + utf8Bytes(String(tail?.['text']));
    expect(marker && readLeftOut(marker)).toEqual({ bytes: whole.length - kept, exact: true });
    expect(kept).toBeGreaterThan(11_000);
  });

  it('never hold more than that, whatever comes', () => {
    const kind = fc.constantFrom('show', 'print', 'update', 'clear');
    const made = (what: string, length: number) =>
      what === 'show'
        ? show('y'.repeat(length), 'x')
        : what === 'print'
          ? print('é\n'.repeat(length / 2))
          : what === 'update'
            ? update('z'.repeat(length), 'x')
            : clear(length > 4500);
    fc.assert(
      fc.property(fc.array(fc.tuple(kind, fc.nat({ max: 9000 })), { maxLength: 60 }), steps => {
        const list = new OutputList(limits);
        for (const [what, length] of steps) {
          feed(list, made(what, length));
          expect(list.bytes).toBeLessThanOrEqual(limits.headBytes + 2 * limits.tailBytes + 1000);
          expect(list.bytes).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 300 }
    );
  });

  it('count as JSON, in which colours and quotes are longer', () => {
    const texts = fc.array(fc.constantFrom('\u001b[31m', '"', '\\', '\u0000\u0001', 'x', '\n'), {
      maxLength: 900
    });
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 40 }), pieces => {
        const list = new OutputList(limits);
        pieces.forEach(piece => feed(list, print(piece.join(''))));
        const bytes = JSON.stringify(list.toJSON()).length;
        expect(bytes).toBeLessThanOrEqual(limits.headBytes + 2 * limits.tailBytes + 1000);
      }),
      { numRuns: 300 }
    );
  });

  it('account for every byte of what is printed', () => {
    const lines = fc
      .tuple(fc.nat({ max: 2000 }), fc.nat({ max: 40 }))
      .map(([n, length]) => `${'é'.repeat(length)}\n`.repeat(n));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ maxLength: 900 }), lines), { maxLength: 60 }), texts => {
        const list = new OutputList(limits);
        const clean = texts.map(text => text.replace(/[\b\r]/g, ''));
        clean.forEach(text => feed(list, print(text)));
        const outputs = list.toJSON();
        const kept = outputs.map(output => String(output['text'] ?? '')).join('');
        const missing = outputs.map(output => readLeftOut(output)?.bytes ?? 0).reduce((a, b) => a + b, 0);
        const whole = clean.join('');
        expect(utf8Bytes(kept) + missing).toBe(utf8Bytes(whole));
        const [head = '', tail = ''] = outputs.flatMap(output => output['text'] ?? []);
        expect(whole.startsWith(String(head))).toBe(true);
        expect(whole.endsWith(String(tail))).toBe(true);
      }),
      { numRuns: 300 }
    );
  });

  it('begin anew when they are cleared', () => {
    const list = new OutputList(limits);
    feed(list, show('y'.repeat(30_000)), print('a'));
    expect(JSON.stringify(list.toJSON())).toContain(LEFT_OUT_TYPE);
    feed(list, clear(false), print('b'));
    expect(list.toJSON()).toEqual([stream('b')]);
  });

  it('say of a display that is too large what it was', () => {
    const list = new OutputList(limits);
    feed(list, show('small', 'x'));
    const large = update('y'.repeat(30_000), 'x');
    feed(list, large);
    expect(list.toJSON().map(readLeftOut)).toEqual([{ bytes: large.bytes, exact: true }]);
  });

  it('mark a place where something did not come', () => {
    const list = new OutputList(UNLIMITED);
    feed(list, print('a'));
    list.miss({ bytes: 50, exact: true });
    list.miss({ bytes: 0, exact: false });
    feed(list, print('b'));
    expect(list.toJSON().map(readLeftOut)).toEqual([null, { bytes: 50, exact: false }, null]);
  });
});
