/** The constants of FNV-1a with 32 bits, as in `textSum`. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export type LineEnd = '\n' | '\r\n' | '\r';

/** `textSum` of a text that comes in pieces. */
export class TextSum {
  constructor(private state = FNV_OFFSET) {}

  push(text: string): void {
    let sum = this.state;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      sum = Math.imul(sum ^ (unit & 0xff), FNV_PRIME);
      sum = Math.imul(sum ^ (unit >>> 8), FNV_PRIME);
    }
    this.state = sum;
  }

  get value(): number {
    return this.state >>> 0;
  }

  copy(): TextSum {
    return new TextSum(this.state);
  }
}

/** Gives a text that comes in pieces with "\n" for its line ends, as a page has it. */
export class PageText {
  /** @param lineEnd - of the file, see `TextFacts.lineEnd`. */
  constructor(private readonly lineEnd: LineEnd) {}

  push(text: string): string {
    if (this.lineEnd === '\n') {
      return text;
    }
    if (this.lineEnd === '\r') {
      return text.replaceAll('\r', '\n');
    }
    const whole = this.held + text;
    this.held = whole.endsWith('\r') ? '\r' : '';
    return (this.held === '' ? whole : whole.slice(0, -1)).replaceAll('\r\n', '\n');
  }

  /** What is left at the end of the text. */
  get left(): string {
    return this.held;
  }

  private held = '';
}

/**
 * What a text that comes in pieces is to a page. Like JupyterLab (`Context` in @jupyterlab/docregistry): a text with
 * any "\r\n" has these for its line ends, one with "\r" alone those.
 */
export class TextFacts {
  push(text: string): void {
    if (this.pair === null && !text.includes('\r')) {
      this.plain.push(text);
      return;
    }
    this.pair ??= { sum: this.plain.copy(), text: new PageText('\r\n') };
    this.single ??= this.plain.copy();
    const paired = this.pair.text.push(text);
    this.pair.sum.push(paired);
    this.hasPairs ||= text.includes('\r\n') || (this.endsOpen && text.startsWith('\n'));
    this.endsOpen = text === '' ? this.endsOpen : text.endsWith('\r');
    this.single.push(text.replaceAll('\r', '\n'));
  }

  get lineEnd(): LineEnd {
    return this.hasPairs ? '\r\n' : this.single ? '\r' : '\n';
  }

  /** `textSum` of the text as a page has it. */
  get sum(): number {
    if (this.hasPairs && this.pair) {
      const sum = this.pair.sum.copy();
      sum.push(this.pair.text.left);
      return sum.value;
    }
    return (this.single ?? this.plain).value;
  }

  private readonly plain = new TextSum();
  /** From the first "\r" on: were "\r\n" the line ends, or "\r". */
  private pair: { readonly sum: TextSum; readonly text: PageText } | null = null;
  private single: TextSum | null = null;
  private hasPairs = false;
  private endsOpen = false;
}
