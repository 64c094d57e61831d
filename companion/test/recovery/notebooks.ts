import { createHash } from 'node:crypto';
import { textSum, type JournalRecord } from '@labkeeper/protocol';
import type { IRunToRecover } from '../../src/recovery/fold-batches.js';

type Json = Record<string, unknown>;

/** A cell as a page has it. */
export function code(source: string, more: Json = {}): Json {
  return { cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source, ...more };
}

export function printed(text: string): Json {
  return { name: 'stdout', output_type: 'stream', text };
}

/** A file as nbformat writes it: keys in their order, one space of indent. Texts stay in one line here. */
export function notebookText(cells: readonly Json[], metadata: Json = {}, minor = 4): string {
  return `${JSON.stringify(sorted({ cells, metadata, nbformat: 4, nbformat_minor: minor }), null, 1)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([key, item]) => [key, sorted(item)])
      )
    : value;
}

/** A notebook's cells, with texts in one piece each, as a page reads them. */
export function cellsOf(bytes: string | Buffer): Json[] {
  const notebook: { cells: Json[] } = JSON.parse(String(bytes));
  return notebook.cells.map(cell => {
    const outputs: Json[] | undefined = Array.isArray(cell['outputs']) ? cell['outputs'] : undefined;
    const join = (text: unknown): unknown => (Array.isArray(text) ? text.join('') : text);
    return {
      ...cell,
      source: join(cell['source']),
      ...(outputs && {
        outputs: outputs.map(output =>
          'text' in output ? { ...output, text: join(output['text']) } : output
        )
      })
    };
  });
}

export function sourcesOf(bytes: string | Buffer): unknown[] {
  return cellsOf(bytes).map(({ source }) => source);
}

export function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The records of somebody who types `ins` at a place of a text. */
export function typed(c: number, before: string, at: number, ins: string): JournalRecord {
  return { t: 'edit', c, at, ins, sum: textSum(before.slice(0, at) + ins + before.slice(at)) };
}

export function base(file: string | Buffer | null, cells: number): JournalRecord {
  return { t: 'base', hash: file === null ? null : sha256(file), cells };
}

export function linesOf(records: readonly JournalRecord[]): string {
  return records.map(record => JSON.stringify(record)).join('\n');
}

/** A run as the journal gives it. */
export function runOf(
  path: string,
  batches: readonly (readonly JournalRecord[] | string)[],
  more: Partial<IRunToRecover> = {}
): IRunToRecover {
  const [first] = batches;
  const record = typeof first === 'string' ? undefined : first?.[0];
  return {
    boot: 'boot',
    run: '00000000-0001',
    path,
    kind: path.endsWith('.ipynb') ? 'notebook' : 'text',
    base: record?.t === 'base' ? { hash: record.hash, cells: record.cells } : null,
    saved: null,
    lastSeq: batches.length,
    damagedAfterSeq: null,
    async *batches() {
      for (const [index, records] of batches.entries()) {
        yield await Promise.resolve({
          seq: index + 1,
          text: typeof records === 'string' ? records : linesOf(records)
        });
      }
    },
    ...more
  };
}
