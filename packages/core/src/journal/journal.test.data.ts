import fc from 'fast-check';
import { textSum, type JournalRecord } from '@labkeeper/protocol';
import type { Json } from './json.js';
import type { ReadRange } from './pieces.js';

/** UTF-8 as the companion gives it. */
export const UTF8 = {
  encode: (text: string): Uint8Array => Buffer.from(text, 'utf8'),
  decode: (bytes: Uint8Array): string =>
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
};

/** Reads ranges of bytes in memory. */
export function readerOf(bytes: Uint8Array): ReadRange {
  return ({ from, to }) => Promise.resolve(bytes.subarray(from, to));
}

/** A cell as a page has it: text in one string, always with an id. */
export type PageCell = Json & {
  readonly id: string;
  cell_type: 'code' | 'markdown' | 'raw';
  source: string;
  metadata: Json;
};

export interface IPageNotebook {
  readonly cells: PageCell[];
  metadata: Json;
  readonly minor: number;
}

/** Units of text in which encoders, line splitters and offsets may go wrong. */
const UNITS = [
  ...[
    'a',
    'b',
    ' ',
    '0',
    '"',
    '\\',
    '/',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '\n',
    '\n',
    '\r\n',
    '\r',
    '\t',
    '\b',
    '\f'
  ],
  ...[
    '\v',
    '\x00',
    '\x1b',
    '\x1c',
    '\x1d',
    '\x1e',
    '\x1f',
    '\x7f',
    '\x85',
    '\u2028',
    '\u2029',
    'é',
    '学',
    '\ue000'
  ],
  ...['\uffff', '\ufeff', '😀', '𝒳', '\\u0041', '\\n']
];
export const text = fc.string({ unit: fc.constantFrom(...UNITS), maxLength: 30 });
/** Text in which halves of pairs stand alone too. */
export const brokenText = fc.string({ unit: fc.constantFrom(...UNITS, '\ud83d', '\ude00'), maxLength: 30 });

const number = fc.oneof(
  fc.constantFrom(
    0,
    -1,
    1.5,
    0.1,
    0.0001,
    0.00001,
    -0.0000234,
    1e-7,
    1.5e-10,
    5e-324,
    1e16,
    1e21,
    -1.25e300,
    2 ** 70
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer()
);
const key = fc.constantFrom(
  'a',
  'b',
  'B',
  '',
  'é',
  '\ue000',
  '\uffff',
  '😀',
  '𝒳',
  '__proto__',
  'toString',
  '10',
  '9',
  'x"y'
);
const { json } = fc.letrec<{ json: unknown }>(tie => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    number,
    text,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(key, tie('json'), { maxKeys: 3 })
  )
}));
/** JSON as it comes over a wire: 0 for -0, and keys of any name. */
const wired = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  value.map(item => {
    const copy: T = JSON.parse(JSON.stringify(item));
    return copy;
  });
export const object: fc.Arbitrary<Json> = wired(fc.dictionary(key, json, { maxKeys: 4 }));

const bundle: fc.Arbitrary<Json> = wired(
  fc.dictionary(
    fc.constantFrom(
      'text/plain',
      'text/html',
      'image/png',
      'image/svg+xml',
      'application/javascript',
      'text/x-é'
    ),
    text,
    { maxKeys: 3 }
  )
).chain(texts =>
  fc
    .dictionary(fc.constantFrom('application/json', 'application/vnd.x+json'), json, { maxKeys: 1 })
    .map(rest => ({
      ...texts,
      ...rest
    }))
);
const stream = fc.record({
  output_type: fc.constant('stream'),
  name: fc.constantFrom('stdout', 'stderr'),
  text
});
export const output: fc.Arbitrary<Json> = wired(
  fc.oneof(
    { weight: 2, arbitrary: stream },
    fc.record({ output_type: fc.constant('display_data'), data: bundle, metadata: object }),
    fc.record({
      output_type: fc.constant('execute_result'),
      data: bundle,
      metadata: object,
      execution_count: fc.option(fc.nat(), { nil: null })
    }),
    fc.record({
      output_type: fc.constant('error'),
      ename: text,
      evalue: text,
      traceback: fc.array(text, { maxLength: 2 })
    })
  )
);
const metadata = fc
  .tuple(object, fc.option(fc.boolean(), { nil: undefined }))
  .map(([rest, trusted]): Json => (trusted === undefined ? rest : { ...rest, trusted }));
const attachments = fc.dictionary(fc.constantFrom('a.png', 'é.svg'), bundle, { maxKeys: 2 });
const id = fc.stringMatching(/^[a-zA-Z0-9_-]{8,12}$/);

export const pageCell: fc.Arbitrary<PageCell> = wired(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        id,
        cell_type: fc.constant('code' as const),
        source: text,
        metadata,
        outputs: fc.array(output, { maxLength: 3 }),
        execution_count: fc.option(fc.nat(), { nil: null })
      })
    },
    fc.record(
      {
        id,
        cell_type: fc.constantFrom('markdown' as const, 'raw' as const),
        source: text,
        metadata,
        attachments
      },
      { requiredKeys: ['id', 'cell_type', 'source', 'metadata'] }
    )
  )
);

const notebookMetadata = fc
  .tuple(
    object,
    fc.constantFrom({}, { orig_nbformat: 4 }, { kernelspec: { name: 'python3', language: 'python' } })
  )
  .map(([rest, more]): Json => ({ ...rest, ...more }));

export const pageNotebook: fc.Arbitrary<IPageNotebook> = fc.record({
  cells: fc.uniqueArray(pageCell, { maxLength: 5, selector: cell => cell.id }),
  metadata: notebookMetadata,
  minor: fc.constantFrom(2, 4, 5, 5)
});

/** The file that JupyterLab would have a server write, before it is written. */
export function saved({ cells, metadata: notebook, minor }: IPageNotebook): Json {
  return {
    cells: cells.map(cell => {
      const { id: name, ...rest } = cell;
      return minor <= 4 ? rest : { ...rest, id: name };
    }),
    metadata: notebook,
    nbformat: 4,
    nbformat_minor: Math.max(minor, 4)
  };
}

/** The file that was there before a page opened it. */
export function stored(notebook: IPageNotebook): Json {
  return { ...saved(notebook), nbformat_minor: notebook.minor };
}

/** Something that a user or a kernel does. Places are taken modulo what is there. */
export type Action =
  | { readonly do: 'insert'; readonly at: number; readonly cell: PageCell; readonly putFirst: boolean }
  | { readonly do: 'delete'; readonly at: number; readonly count: number }
  | { readonly do: 'move'; readonly at: number; readonly to: number }
  | { readonly do: 'reverse'; readonly at: number; readonly count: number }
  | { readonly do: 'put'; readonly at: number; readonly cell: PageCell }
  | { readonly do: 'src'; readonly at: number; readonly text: string }
  | {
      readonly do: 'edit';
      readonly at: number;
      readonly from: number;
      readonly del: number;
      readonly ins: string;
    }
  | { readonly do: 'exec'; readonly at: number; readonly count: number | null }
  | { readonly do: 'meta'; readonly at: number; readonly metadata: Json }
  | { readonly do: 'att'; readonly at: number; readonly attachments: Json | null }
  | { readonly do: 'out'; readonly at: number; readonly from: number; readonly outputs: Json[] }
  | {
      readonly do: 'app';
      readonly at: number;
      readonly which: number;
      readonly from: number;
      readonly text: string;
    }
  | { readonly do: 'nb'; readonly metadata: Json };

const nat = fc.nat({ max: 1000 });
export const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constant('insert' as const), at: nat, cell: pageCell, putFirst: fc.boolean() }),
  fc.record({ do: fc.constant('delete' as const), at: nat, count: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ do: fc.constant('move' as const), at: nat, to: nat }),
  fc.record({ do: fc.constant('reverse' as const), at: nat, count: fc.integer({ min: 2, max: 3 }) }),
  fc.record({ do: fc.constant('put' as const), at: nat, cell: pageCell }),
  fc.record({ do: fc.constant('src' as const), at: nat, text }),
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('edit' as const), at: nat, from: nat, del: fc.nat(4), ins: text })
  },
  fc.record({ do: fc.constant('exec' as const), at: nat, count: fc.option(fc.nat(), { nil: null }) }),
  fc.record({ do: fc.constant('meta' as const), at: nat, metadata }),
  fc.record({ do: fc.constant('att' as const), at: nat, attachments: fc.option(attachments, { nil: null }) }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('out' as const),
      at: nat,
      from: nat,
      outputs: fc.array(output, { maxLength: 2 })
    })
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('app' as const), at: nat, which: nat, from: nat, text })
  },
  fc.record({ do: fc.constant('nb' as const), metadata: notebookMetadata })
);

const copy = <T>(value: T): T => {
  const same: T = JSON.parse(JSON.stringify(value));
  return same;
};

/**
 * A page with a notebook open: it does what it is told to the plain notebook, and says so in records. Written apart
 * from the code under test, in the simplest way.
 */
export class Page {
  constructor(notebook: IPageNotebook) {
    this.notebook = copy(notebook);
    this.numbers = notebook.cells.map((_, index) => index);
    this.next = notebook.cells.length;
  }

  readonly notebook: IPageNotebook;
  /** The number of each cell of the notebook. */
  numbers: number[];

  base(): JournalRecord {
    return { t: 'base', hash: 'ab'.repeat(32), cells: this.numbers.length };
  }

  /** Does something. @returns its records; none where there is nothing to do it to. */
  act(what: Action): JournalRecord[] {
    const { cells } = this.notebook;
    if (what.do === 'nb') {
      this.notebook.metadata = what.metadata;
      return [{ t: 'nb', v: what.metadata }];
    }
    if (what.do === 'insert') {
      const cell = { ...what.cell, id: `inserted-${this.next}` };
      const put = this.newCell(cell);
      const order = this.splice(what.at % (cells.length + 1), 0, [[put.c, cell]]);
      return what.putFirst ? [put, order] : [order, put];
    }
    const at = what.at % Math.max(1, cells.length);
    const cell = cells[at];
    const c = this.numbers[at];
    if (cell === undefined || c === undefined) {
      return [];
    }
    switch (what.do) {
      case 'delete':
        return [this.splice(at, Math.min(what.count, cells.length - at), [])];
      case 'move': {
        const put = this.newCell(cell);
        const removed = this.splice(at, 1, []);
        return [removed, this.splice(what.to % (cells.length + 1), 0, [[put.c, cell]]), put];
      }
      case 'reverse': {
        const some = this.numbers
          .slice(at, at + what.count)
          .map((number, index): [number, PageCell] => [number, cells[at + index] ?? cell]);
        return [this.splice(at, some.length, some.reverse())];
      }
      case 'put': {
        const other = { ...what.cell, id: cell.id };
        cells[at] = copy(other);
        return [{ t: 'put', c, cell: other }];
      }
      case 'src':
        cell.source = what.text;
        return [{ t: 'src', c, v: what.text }];
      case 'edit':
        return [this.edit(c, cell, what)];
      case 'meta':
        cell.metadata = what.metadata;
        return [{ t: 'meta', c, v: what.metadata }];
      case 'att':
        if (what.attachments === null) {
          delete cell.attachments;
        } else {
          cell.attachments = what.attachments;
        }
        return [{ t: 'att', c, v: what.attachments }];
      default:
        return cell.cell_type === 'code' ? this.run(c, cell, what) : [];
    }
  }

  private edit(c: number, cell: PageCell, what: Extract<Action, { do: 'edit' }>): JournalRecord {
    const units = cell.source.length;
    const from = what.from % (units + 1);
    const del = Math.min(what.del, units - from);
    cell.source = cell.source.slice(0, from) + what.ins + cell.source.slice(from + del);
    return { t: 'edit', c, at: from, del, ins: what.ins, sum: textSum(cell.source) };
  }

  private run(
    c: number,
    cell: PageCell,
    what: Extract<Action, { do: 'exec' | 'out' | 'app' }>
  ): JournalRecord[] {
    if (what.do === 'exec') {
      cell.execution_count = what.count;
      return [{ t: 'exec', c, v: what.count }];
    }
    const outputs = Array.isArray(cell.outputs) ? cell.outputs : [];
    cell.outputs = outputs;
    if (what.do === 'out') {
      const from = what.from % (outputs.length + 1);
      outputs.splice(from, outputs.length, ...copy(what.outputs));
      return [{ t: 'out', c, from, v: what.outputs }];
    }
    const i = what.which % Math.max(1, outputs.length);
    const grown = outputs[i];
    if (grown?.output_type !== 'stream') {
      return [];
    }
    const at = what.from % (grown.text.length + 1);
    grown.text = grown.text.slice(0, at) + what.text;
    return [{ t: 'app', c, i, at, v: what.text }];
  }

  private newCell(cell: PageCell): Extract<JournalRecord, { t: 'put' }> {
    const c = this.next;
    this.next += 1;
    return { t: 'put', c, cell: copy(cell) };
  }

  private splice(at: number, del: number, added: [number, PageCell][]): JournalRecord {
    const n = this.numbers.length;
    const cells = added.map(([number]) => number);
    this.numbers.splice(at, del, ...cells);
    this.notebook.cells.splice(at, del, ...added.map(([, cell]) => copy(cell)));
    return { t: 'order', n, at, del, cells };
  }

  private next: number;
}
