import { MAX_CELLS } from './cell-order.js';
import { UTF8 } from './journal.test.data.js';
import type { NotebookDoubt } from './scan-notebook.js';
import { mapOf, scan } from './splice.test.data.js';

const CELL = '{"cell_type":"raw","metadata":{},"source":"x"}';
const REST = '"metadata":{},"nbformat":4,"nbformat_minor":5';

/** Parts in odd order and layout, with strings that look like parts and characters of one to four bytes. */
const ODD = `\n{ "nbformat" : 4.0 ,"x": {"cells": [1, {"metadata": "]}"}]}, "\\u0063ells":[ ${CELL}\t,
  { "source": ["\\"cells\\": [{é学😀\\\\\\"}]\\u005d", "nbformat"], "deep": [[{"cells": []}]] },{}\r\n ] ,
  "nbformat_minor":5,"metadata":{"cells": ["]"], "nbformat": 3, "é": {"}": "{"}} } \n`;

function at(bytes: Uint8Array, { from, to }: { readonly from: number; readonly to: number }): unknown {
  return JSON.parse(UTF8.decode(bytes.subarray(from, to)));
}

describe('the map of a notebook', () => {
  it('says where everything is, wherever the chunks end', () => {
    const bytes = Buffer.from(ODD);
    const map = mapOf(bytes);
    const notebook: Record<string, unknown> = JSON.parse(ODD);
    expect(at(bytes, map.list)).toEqual(notebook.cells);
    expect(map.cells.map(cell => at(bytes, cell))).toEqual(notebook.cells);
    expect(at(bytes, map.metadata)).toEqual(notebook.metadata);
    expect(at(bytes, map.minorPlace)).toBe(5);
    expect(map).toMatchObject({ minor: 5, sizeBytes: bytes.length });
    for (let chunkBytes = 1; chunkBytes < bytes.length; chunkBytes += 1) {
      expect(scan(bytes, chunkBytes)).toEqual({ kind: 'map', map });
    }
  });

  it('of an empty notebook has no cells', () => {
    const bytes = Buffer.from(`{"cells": [\n], ${REST}}`);
    expect(mapOf(bytes)).toMatchObject({ cells: [], list: { from: 10, to: 13 } });
  });

  it.each<[NotebookDoubt, string]>([
    ['empty', ''],
    ['byte-order-mark', `\ufeff{"cells":[],${REST}}`],
    ['not-json', `{"cells":[NaN],${REST}}`],
    ['not-json', `{"cells":[${CELL} ${CELL}],${REST}}`],
    ['truncated', `{"cells":[${CELL}],${REST}`],
    ['truncated', `{"cells":[${CELL}`],
    ['trailing', `{"cells":[],${REST}}}`],
    ['trailing', `{"cells":[],${REST}}\0`],
    ['too-deep', `{"cells":[{"a":${'['.repeat(300)}${']'.repeat(300)}}],${REST}}`],
    ['not-a-notebook', '[]'],
    ['not-a-notebook', '"cells"'],
    ['not-a-notebook', '4'],
    ['not-a-notebook', 'null'],
    ['not-a-notebook', '{}'],
    ['not-a-notebook', `{${REST}}`],
    ['not-a-notebook', `{"cells":{"a":{}},${REST}}`],
    ['not-a-notebook', `{"cells":null,${REST}}`],
    ['not-a-notebook', `{"cells":[1],${REST}}`],
    ['not-a-notebook', `{"cells":[[]],${REST}}`],
    ['not-a-notebook', '{"cells":[],"nbformat":4,"nbformat_minor":5}'],
    ['not-a-notebook', '{"cells":[],"metadata":[],"nbformat":4,"nbformat_minor":5}'],
    ['not-a-notebook', '{"cells":[],"metadata":{},"nbformat_minor":5}'],
    ['not-a-notebook', '{"cells":[],"metadata":{},"nbformat":4}'],
    ['other-version', '{"metadata":{},"nbformat":3,"nbformat_minor":0,"worksheets":[{"cells":[]}]}'],
    ['other-version', '{"cells":[],"metadata":{},"nbformat":5,"nbformat_minor":0}'],
    ['other-version', '{"cells":[],"metadata":{},"nbformat":"4","nbformat_minor":5}'],
    ['other-version', '{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":"5"}'],
    ['other-version', '{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5.5}'],
    ['other-version', '{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":-1}'],
    ['part-twice', `{"cells":[],"cells":[],${REST}}`],
    ['part-twice', `{"cells":[],"cell\\u0073":[],${REST}}`],
    ['part-twice', `{"metadata":{"a":1},"cells":[],${REST}}`],
    ['part-twice', `{"nbformat":4,"cells":[],${REST}}`],
    ['part-twice', `{"nbformat_minor":4,"cells":[],${REST}}`],
    ['too-many-cells', `{"cells":[${'{},'.repeat(MAX_CELLS)}{}],${REST}}`]
  ])('is refused (%s)', (reason, text) => {
    const bytes = Buffer.from(text);
    for (const chunkBytes of [bytes.length < 1000 ? 1 : 4096, bytes.length || 1]) {
      expect(scan(bytes, chunkBytes)).toMatchObject({ kind: 'doubt', reason });
    }
  });

  it('is refused (not-utf8) in Latin-1', () => {
    const bytes = Buffer.from(`{"cells":[{"source":"\xe9"}],${REST}}`, 'latin1');
    expect(scan(bytes)).toEqual({ kind: 'doubt', reason: 'not-utf8', atByte: 22 });
  });

  it('is refused for a file that was cut at any byte', () => {
    const bytes = Buffer.from(ODD.trimEnd());
    for (let length = 0; length < bytes.length; length += 1) {
      expect(scan(bytes.subarray(0, length))).toMatchObject({
        kind: 'doubt',
        reason: length < 2 ? 'empty' : 'truncated'
      });
    }
  });
});
