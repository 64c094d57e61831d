import { byCodePoint, lineBreak, nbformatJson } from './nbformat-json.js';
import type { IMember, NotebookFile } from './notebook-file.js';
import type { IReplacement } from './pieces.js';
import type { IByteRange } from './scan-notebook.js';
import { SpliceError } from './splice-error.js';

/** The fields of one object of the file, and how to change them without touching anything else. */
export class ObjectFields {
  private constructor(
    readonly file: NotebookFile,
    /** The number of the cell that it is in. */
    readonly cell: number,
    /** In how many lists and objects its fields are. */
    private readonly depth: number,
    private readonly members: readonly IMember[]
  ) {}

  /** Finds them. @param list - the field whose items are wanted too. @throws SpliceError 'file-changed'. */
  static async of(
    object: IByteRange,
    options: {
      readonly file: NotebookFile;
      readonly cell: number;
      readonly depth: number;
      readonly list: string | null;
    }
  ): Promise<ObjectFields> {
    const { file, cell, depth, list } = options;
    return new ObjectFields(file, cell, depth, await file.members(object, list, cell));
  }

  /** The field with this key; null = there is none. @throws SpliceError 'field-twice'. */
  find(key: string): IMember | null {
    const [member, twice] = this.members.filter(other => other.key === key);
    if (twice !== undefined) {
      throw new SpliceError('field-twice', this.cell);
    }
    return member ?? null;
  }

  /** A field's value; undefined = there is no such field. @throws SpliceError. */
  async value(key: string): Promise<unknown> {
    const member = this.find(key);
    return member === null ? undefined : this.file.value(member, this.cell);
  }

  /** The field gets this value, or comes new where the order of keys puts it. @throws SpliceError. */
  set(key: string, value: unknown): IReplacement[] {
    const text = nbformatJson(value, this.depth);
    const member = this.find(key);
    if (member !== null) {
      return [{ from: member.from, to: member.to, by: [this.file.encode(text)] }];
    }
    const next = this.members.find(other => other.key !== null && byCodePoint(key, other.key) < 0);
    const last = this.members.at(-1);
    if (last === undefined) {
      throw new SpliceError('odd-field', this.cell);
    }
    const field = `${JSON.stringify(key)}: ${text}`;
    const line = lineBreak(this.depth);
    return next === undefined
      ? [{ from: last.to, to: last.to, by: [this.file.encode(`,${line}${field}`)] }]
      : [{ from: next.keyFrom, to: next.keyFrom, by: [this.file.encode(`${field},${line}`)] }];
  }

  /** The field goes, with one of the commas beside it. @throws SpliceError 'field-twice'. */
  remove(key: string): IReplacement[] {
    const member = this.find(key);
    if (member === null) {
      return [];
    }
    const index = this.members.indexOf(member);
    const next = this.members[index + 1];
    return next === undefined
      ? [{ from: this.members[index - 1]?.to ?? member.keyFrom, to: member.to, by: [] }]
      : [{ from: member.keyFrom, to: next.keyFrom, by: [] }];
  }
}
