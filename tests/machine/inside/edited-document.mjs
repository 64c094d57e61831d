import { createHash } from 'node:crypto';
import { textSum } from '@labkeeper/protocol';
import { nbformatJson } from '../../../packages/core/src/journal/nbformat-json.ts';
import { fileCell } from '../../../packages/core/src/journal/nbformat-cell.ts';
import { randomFrom } from './random.mjs';

/** Bytes of an output that is large, so that segments of the journal fill and are cleaned. */
const LARGE_BYTES = 200_000;

/**
 * A document that somebody works in: what it is after so many edits depends on its seed and on nothing else, so that
 * another machine can say what there should be.
 */
export class EditedDocument {
  constructor(seed, isNotebook) {
    this.random = randomFrom(seed);
    this.isNotebook = isNotebook;
    /** How many edits are in it. */
    this.edits = 0;
    this.texts = isNotebook ? ['import numpy\n', '# two\n', 'print("é")\n'] : [`# ${seed}\n`.repeat(5)];
    this.outputs = this.texts.map(() => '');
    this.ids = this.texts.map((_, index) => `cell-${index}`);
    this.renumber();
  }

  /** The file as jupyter_server writes it. */
  get file() {
    if (!this.isNotebook) {
      return this.texts[0];
    }
    const cells = this.texts.map((source, index) =>
      fileCell(
        {
          cell_type: 'code',
          execution_count: null,
          id: this.ids[index],
          metadata: {},
          outputs: this.outputs[index] === '' ? [] : [this.stream(this.outputs[index])],
          source
        },
        true
      )
    );
    return `${nbformatJson({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }, 0)}\n`;
  }

  get hash() {
    return createHash('sha256').update(this.file).digest('hex');
  }

  /** Whether this is what a file with such a content says. */
  is(content) {
    const own = this.isNotebook
      ? this.texts.flatMap((text, index) => [text, this.outputs[index]])
      : this.texts;
    return own.length === content.length && own.every((part, index) => part === content[index]);
  }

  /** The file is what the document is now: a new run begins. @returns the first record. */
  base() {
    this.renumber();
    return { t: 'base', hash: this.hash, cells: this.texts.length };
  }

  /** The next edit. @returns its records. */
  edit() {
    this.edits += 1;
    const { random } = this;
    const index = Math.floor(random() * this.texts.length);
    const choice = random();
    if (!this.isNotebook || choice < 0.5) {
      return [this.type(index)];
    }
    if (choice < 0.9) {
      return this.print(index, choice < 0.53 ? LARGE_BYTES : Math.floor(random() * 200));
    }
    return choice < 0.95 && this.texts.length < 8 ? this.insert(index) : [this.replace(index)];
  }

  type(index) {
    const before = this.texts[index];
    const at = Math.floor(this.random() * (before.length + 1));
    const del = Math.floor(this.random() * Math.min(4, before.length - at + 1));
    const ins = `${this.edits}é`.repeat(1 + Math.floor(this.random() * 5));
    const text = before.slice(0, at) + ins + before.slice(at + del);
    this.texts[index] = text;
    return { t: 'edit', c: this.numbers[index], at, del, ins, sum: textSum(text) };
  }

  replace(index) {
    this.texts[index] = `# edit ${this.edits}\n`;
    return { t: 'src', c: this.numbers[index], v: this.texts[index] };
  }

  print(index, bytes) {
    const c = this.numbers[index];
    const before = this.outputs[index];
    const text = `${this.edits} ${'x'.repeat(bytes)}\n`;
    if (before === '' || before.length > LARGE_BYTES) {
      this.outputs[index] = text;
      return [{ t: 'out', c, from: 0, v: [this.stream(text)] }];
    }
    this.outputs[index] += text;
    return [{ t: 'app', c, i: 0, at: before.length, v: text }];
  }

  insert(at) {
    const n = this.texts.length;
    const c = this.nextNumber++;
    this.texts.splice(at, 0, `# new ${this.edits}\n`);
    this.outputs.splice(at, 0, '');
    this.numbers.splice(at, 0, c);
    const id = `new-${this.edits}`;
    this.ids.splice(at, 0, id);
    const cell = { cell_type: 'code', execution_count: null, id, metadata: {}, outputs: [] };
    return [
      { t: 'order', n, at, del: 0, cells: [c] },
      { t: 'put', c, cell: { ...cell, source: this.texts[at] } }
    ];
  }

  stream(text) {
    return { name: 'stdout', output_type: 'stream', text };
  }

  renumber() {
    this.numbers = this.texts.map((_, index) => index);
    this.nextNumber = this.texts.length;
  }
}

/** What a file says, as far as two of them can be compared: texts, and what was printed. @throws where it is cut. */
export function contentOf(file, isNotebook) {
  if (!isNotebook) {
    return [file];
  }
  const join = text => (Array.isArray(text) ? text.join('') : text);
  return JSON.parse(file).cells.flatMap(({ source, outputs }) => [
    join(source),
    outputs.map(({ text }) => join(text)).join('')
  ]);
}
