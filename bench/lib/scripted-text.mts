import { textSum } from '../../packages/protocol/lib/index.js';
import { type Change, type IScripted, Random, edited, markOf, newWords } from './scripted.mts';

const LINES = 200;

/** A text file that is edited by a script. */
export class ScriptedText implements IScripted {
  constructor(seed: number) {
    this.seed = seed;

    const random = new Random(seed, 0);
    this.text = `${markOf(0)}\n${Array.from({ length: LINES }, () => newWords(random, 2)).join('')}`;
  }

  version = 0;
  readonly cells = [0];

  step(): Change[] {
    const random = new Random(this.seed, (this.version += 1));
    const mark = { at: 0, del: markOf(this.version - 1).length, ins: markOf(this.version) };
    if (random.below(12) === 0) {
      this.text = `${markOf(this.version)}\n${newWords(random, 8)}${this.text.slice(mark.del + 1)}`;
      return [{ t: 'src', c: 0, v: this.text }];
    }
    return [this.edit(mark), this.edit(edited(this.text, random, markOf(this.version).length + 1))];
  }

  whole(): Change[] {
    return [{ t: 'src', c: 0, v: this.text }];
  }

  model(): object {
    return { type: 'file', format: 'text', content: this.text };
  }

  bytes(): string {
    return this.text;
  }

  differs(bytes: string): string | null {
    return bytes === this.text ? null : `${bytes.length} characters, expected ${this.text.length}`;
  }

  private edit({ at, del, ins }: { at: number; del: number; ins: string }): Change {
    this.text = this.text.slice(0, at) + ins + this.text.slice(at + del);
    return { t: 'edit', c: 0, at, del, ins, sum: textSum(this.text) };
  }

  private text: string;

  private readonly seed: number;
}
