import { type JournalRecord, textSum } from '../../packages/protocol/lib/index.js';
import { type Change, type IScripted, Random, edited, markOf, newWords } from './scripted.mts';

interface ICell {
  /** Names it as long as it is there; those of the file at version 0 are 0, 1, … in its order. */
  readonly uid: number;
  readonly isCode: boolean;
  source: string;
  tags: string[];
  outputs: string[];
  count: number | null;
}
/** What one code cell of a big notebook has printed, in characters. */
const BIG_OUTPUT = 24_000;

/** A notebook that is edited by a script: its content at a version follows from its seed alone. */
export class ScriptedNotebook implements IScripted {
  /** @param cells - how many. @param isBig - with much output in each. */
  constructor(seed: number, cells: number, isBig: boolean) {
    this.seed = seed;

    const random = new Random(seed, 0);
    this.list = Array.from({ length: cells }, (_, uid) => ({
      uid,
      isCode: uid % 4 !== 0,
      source: uid === 0 ? `${markOf(0)}\n# Title` : newWords(random, 4),
      tags: [],
      outputs: isBig && uid % 4 === 1 ? [`${'0123456789 größer 🙂\n'.repeat(BIG_OUTPUT / 20)}`] : [],
      count: null
    }));
    this.uid = cells;
  }

  version = 0;

  get cells(): readonly number[] {
    return this.list.map(({ uid }) => uid);
  }

  step(): Change[] {
    const random = new Random(this.seed, (this.version += 1));
    const [first] = this.list;
    if (!first) throw new Error('a scripted notebook has a first cell');
    const mark = { at: 0, del: markOf(this.version - 1).length, ins: markOf(this.version) };
    return [this.edit(first, mark), ...this.change(random)];
  }

  whole(): Change[] {
    const puts = this.list.map((cell): Change => ({ t: 'put', c: cell.uid, cell: json(cell, false) }));
    const order: Change = { t: 'order', n: 0, at: 0, del: 0, cells: [...this.cells] };
    return [order, ...puts, { t: 'nb', v: METADATA }];
  }

  model(): object {
    return { type: 'notebook', format: 'json', content: this.notebook(false) };
  }

  /** As nbformat writes it: keys in their order, texts in lines. */
  bytes(): string {
    return `${JSON.stringify(this.notebook(true), null, 1)}\n`;
  }

  differs(bytes: string): string | null {
    const own = this.bytes();
    if (own === bytes) return null;
    const [one, other] = [plain(bytes), plain(own)];
    if (one === other) return null;
    const at = [...one].findIndex((letter, index) => letter !== [...other][index]);
    return `from ${at} on: ${one.slice(at - 40, at + 60)} | expected: ${other.slice(at - 40, at + 60)}`;
  }

  private change(random: Random): Change[] {
    const at = 1 + random.below(this.list.length - 1);
    const cell = this.list[at];
    const kind = random.below(100);
    if (!cell || (kind >= 90 && this.list.length < 4)) return [];
    if (kind < 45) return [this.edit(cell, edited(cell.source, random))];
    if (kind < 53) {
      cell.source = newWords(random, 3);
      return [{ t: 'src', c: cell.uid, v: cell.source }];
    }
    if (kind < 73)
      return cell.isCode ? this.print(cell, random) : [this.edit(cell, edited(cell.source, random))];
    if (kind < 78) {
      cell.tags = [`tag-${random.below(50)}`];
      return [{ t: 'meta', c: cell.uid, v: { tags: cell.tags } }];
    }
    return kind < 88 ? this.insert(at, random) : kind < 94 ? this.move(at, cell) : this.remove(at);
  }

  private edit(cell: ICell, { at, del, ins }: { at: number; del: number; ins: string }): Change {
    cell.source = cell.source.slice(0, at) + ins + cell.source.slice(at + del);
    return { t: 'edit', c: cell.uid, at, del, ins, sum: textSum(cell.source) };
  }

  /** A cell that prints: it begins anew, prints more, or another stream is closed and a new one begun. */
  private print(cell: ICell, random: Random): Change[] {
    const text = newWords(random, 2);
    const last = cell.outputs.at(-1);
    if (random.below(4) === 0) {
      cell.outputs = [text];
      cell.count = this.version;
      const outputs = cell.outputs.map(stream(false));
      return [
        { t: 'exec', c: cell.uid, v: cell.count },
        { t: 'out', c: cell.uid, from: 0, v: outputs }
      ];
    }
    if (last === undefined || cell.outputs.length < 3) {
      cell.outputs.push(text);
      return [{ t: 'out', c: cell.uid, from: cell.outputs.length - 1, v: [stream(false)(text)] }];
    }
    cell.outputs[cell.outputs.length - 1] = last + text;
    return [{ t: 'app', c: cell.uid, i: cell.outputs.length - 1, at: last.length, v: text }];
  }

  private insert(at: number, random: Random): Change[] {
    const uid = (this.uid += 1);
    const cell: ICell = {
      ...{ uid, isCode: random.below(3) > 0, source: newWords(random, 3), tags: [], outputs: [], count: null }
    };
    const order: Change = { t: 'order', n: this.list.length, at, del: 0, cells: [uid] };
    this.list.splice(at, 0, cell);
    const put: Change = { t: 'put', c: uid, cell: json(cell, false) };
    return random.below(2) === 0 ? [order, put] : [put, order];
  }

  /** One cell changes places with the next, and is sent whole as JupyterLab's move does. */
  private move(at: number, cell: ICell): Change[] {
    const next = this.list[at + 1];
    if (!next) return [];
    const order: Change = { t: 'order', n: this.list.length, at, del: 2, cells: [next.uid, cell.uid] };
    this.list.splice(at, 2, next, cell);
    return [order, { t: 'put', c: cell.uid, cell: json(cell, false) }];
  }

  private remove(at: number): Change[] {
    const order: Change = { t: 'order', n: this.list.length, at, del: 1, cells: [] };
    this.list.splice(at, 1);
    return [order];
  }

  private notebook(inLines: boolean): object {
    const cells = this.list.map(cell => json(cell, inLines));
    return { cells, metadata: METADATA, nbformat: 4, nbformat_minor: 5 };
  }

  private readonly list: ICell[];
  private uid: number;

  private readonly seed: number;
}

const METADATA = {
  kernelspec: { display_name: 'Python 3 (ipykernel)', language: 'python', name: 'python3' },
  language_info: { name: 'python' }
};

/** A cell with its keys in their order. */
function json(
  { uid, isCode, source, tags, outputs, count }: ICell,
  inLines: boolean
): Record<string, unknown> {
  const metadata = tags.length > 0 ? { tags } : {};
  const text = inLines ? lines(source) : source;
  return isCode
    ? {
        cell_type: 'code',
        execution_count: count,
        id: `cell-${uid}`,
        metadata,
        outputs: outputs.map(stream(inLines)),
        source: text
      }
    : { cell_type: 'markdown', id: `cell-${uid}`, metadata, source: text };
}

const stream =
  (inLines: boolean) =>
  (text: string): Record<string, unknown> => ({
    name: 'stdout',
    output_type: 'stream',
    text: inLines ? lines(text) : text
  });

/** With their ends, as Python's splitlines: the script writes no other line ends. */
function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** A notebook's JSON in one form, whoever wrote it. */
function plain(bytes: string): string {
  return JSON.stringify(inOrder(JSON.parse(bytes)));
}

function inOrder(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    return key === 'source' || key === 'text' ? value.join('') : value.map(item => inOrder(item));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, inOrder(item, name)]));
}

/** Records of the script as those of a run: cells get their numbers in it. */
export function numbered(change: Change, numberOf: (uid: number) => number): JournalRecord {
  if (change.t === 'nb') return change;
  return change.t === 'order'
    ? { ...change, cells: change.cells.map(numberOf) }
    : { ...change, c: numberOf(change.c) };
}
