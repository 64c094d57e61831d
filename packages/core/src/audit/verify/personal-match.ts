import { ascii, ByteReader } from './byte-reader.js';
import type { Findings } from './findings.js';
import type { IVerifyTools } from './tools.js';

/** The lines of a file with personal parts, one after the other; null = no more. A line is good until the next call. */
export type NextLine = () => Uint8Array | null;

/** How the personal parts of a file go with the records. */
export interface IPersonalSummary {
  /** They are those that their records were made with. */
  readonly same: number;
  /** Their records could not be read, so nothing says what they should be. */
  readonly unprovable: number;
  /** Records with a personal part that is not in the file: withheld, or erased. */
  readonly absent: number;
}

interface IPart {
  readonly index: number;
  /** Hexadecimal. */
  readonly hash: string;
}

const INDEX = ascii('{"index":');
const PERSONAL = ascii(',"personal":');
const END = 0x7d;

/** Holds the personal parts of an export's second file against what its records promise. Both are in order of the log. */
export class PersonalMatch {
  constructor(
    private readonly tools: IVerifyTools,
    private readonly findings: Findings,
    private readonly nextLine: NextLine
  ) {
    this.advance();
  }

  /** The next record. @param promised - hash of its personal part, null = it has none; undefined = it cannot be read. */
  add(index: number, promised: string | null | undefined): void {
    while (this.part && this.part.index < index) {
      this.tell(this.part.index, 'belongs to no record of the export');
      this.advance();
    }
    if (this.part?.index !== index) {
      this.absent += typeof promised === 'string' ? 1 : 0;
      return;
    }
    if (promised === undefined) {
      this.unprovable += 1;
    } else if (promised === null) {
      this.tell(index, 'is one too many: the record was made without');
    } else if (promised === this.part.hash) {
      this.same += 1;
    } else {
      this.tell(index, 'is not the one that the record was made with');
    }
    this.advance();
  }

  finish(): IPersonalSummary {
    for (; this.part; this.advance()) {
      this.tell(this.part.index, 'belongs to no record of the export');
    }
    const { same, unprovable, absent } = this;
    return { same, unprovable, absent };
  }

  private advance(): void {
    let part: IPart | null = null;
    for (let line = this.nextLine(); line !== null; line = this.nextLine()) {
      this.lines += 1;
      part = this.parse(line);
      if (part) {
        break;
      }
    }
    this.part = part;
  }

  private parse(line: Uint8Array): IPart | null {
    const reader = new ByteReader(line);
    reader.expect(INDEX);
    const index = reader.number();
    reader.expect(PERSONAL);
    if (!reader.ok || line[line.length - 1] !== END) {
      this.findings.add('personal', `Line ${this.lines} of the file with personal parts cannot be read.`);
      return null;
    }
    if (index <= this.lastIndex) {
      this.tell(index, 'stands again, or too late');
      return null;
    }
    this.lastIndex = index;
    return { index, hash: this.tools.sha256Hex(line.subarray(reader.at, line.length - 1)) };
  }

  private tell(index: number, what: string): void {
    this.findings.add('personal', `The personal part for record ${index} ${what}.`, { index });
  }

  private part: IPart | null = null;
  private lastIndex = -1;
  private lines = 0;
  private same = 0;
  private unprovable = 0;
  private absent = 0;
}
