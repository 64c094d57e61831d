import type { IVerifyFinding } from './findings.js';
import { countUpTo, inOrder } from './in-order.js';
import { DIGEST_PLACES, type ILinePart, type IStretch } from './line-stretches.js';
import { linesText, type IPlaceWords } from './place-words.js';

/** Lines of the file, where they belong. */
export interface IPutBack extends ILinePart {
  readonly first: number;
  readonly step: 1 | -1;
  /** The index that its line should tell; null = it tells it. */
  readonly says: number | null;
  readonly others: readonly ILinePart[];
}

/** What was done to the order of a file. */
export interface IDisorder {
  /** What was done, one finding for each act. */
  readonly acts: readonly IVerifyFinding[];
  /** The file as it was in order. What stood in it twice is in it once. */
  readonly parts: readonly IPutBack[];
}

/** What is known of the file. */
export interface IDisorderOptions {
  readonly stretches: readonly IStretch[];
  /** Every place of it has to be there; null = not known which. */
  readonly range: { readonly first: number; readonly end: number } | null;
  readonly words: IPlaceWords;
  /** Whether two lines or stretches hold the same, but for the index that they tell. */
  readonly isSame: (one: ILinePart, other: ILinePart) => boolean;
}

/** Tells which lines of a file stand where they do not belong, by the fewest that have to be put back. */
export class Disorder {
  constructor(private readonly options: IDisorderOptions) {
    const { stretches } = options;
    this.kept = inOrder(stretches.filter(stretch => !this.isOutside(stretch)));
    this.order = stretches.filter(stretch => this.kept.has(stretch));
    this.ends = this.order.map(({ end }) => end);
  }

  /** @returns null when every line stands where it belongs. */
  found(): IDisorder | null {
    this.stay();
    let stands = 0;
    this.options.stretches.forEach((stretch, at) => {
      if (this.kept.has(stretch)) {
        stands += 1;
      } else {
        this.displaced(stretch, at, stands);
      }
    });
    this.tellMoved();
    if (this.acts.length === 0) {
      return null;
    }
    const acts = [...this.acts].sort((one, other) => one.line - other.line).map(({ finding }) => finding);
    const parts = [...this.parts].sort((one, other) => one.first - other.first);
    return { acts, parts };
  }

  /** Those that stay, and lines without a place behind the one that stays before them. */
  private stay(): void {
    let behind: ILinePart[] = [];
    for (const stretch of this.options.stretches) {
      if (this.kept.has(stretch)) {
        behind = [];
        this.holders.set(stretch.first, stretch);
        this.parts.push({ ...stretch, says: null, others: behind });
        this.tellFalling(stretch);
      }
      behind.push(...stretch.others);
    }
  }

  private tellFalling(stretch: IStretch): void {
    const { first, end, line, lines, step } = stretch;
    if (step === 1) {
      return;
    }
    const { words } = this.options;
    const last = line + lines - 1;
    this.tell(
      stretch,
      lines <= 3
        ? `Lines ${line} and ${last} are swapped (${pair(words.what(end - 1, end), words.what(first, first + 1))}).`
        : `Lines ${line} to ${last} are in reverse order (${words.what(first, end)}).`
    );
  }

  /** @param stands - behind so many of those that stay. */
  private displaced(stretch: IStretch, at: number, stands: number): void {
    const twin = this.holders.get(stretch.first);
    if (!twin && !this.isOutside(stretch)) {
      this.holders.set(stretch.first, stretch);
      this.moved.push({ stretch, stands, belongs: countUpTo(this.ends, stretch.first) });
      return;
    }
    const { words, isSame } = this.options;
    const what = words.what(stretch.first, stretch.end);
    if (twin && isSame(twin, stretch)) {
      const again =
        twin.lines === 1 ? `is line ${twin.line}` : `are lines ${twin.line} to ${twin.line + twin.lines - 1}`;
      this.tell(stretch, `${linesText(stretch)} ${again} again (${what}).`);
    } else if (!this.isRenumbered(stretch, at, twin ?? null)) {
      this.tell(
        stretch,
        twin
          ? `${linesText(stretch)} ${says(stretch)} ${what}, as line ${twin.line} does, and what it holds is something else.`
          : `${linesText(stretch)} ${says(stretch)} ${what}, which the first line does not tell of.`
      );
    }
  }

  /** A line in the place of another one is that other one, if what it holds is not that of the one that it says it is. */
  private isRenumbered(stretch: IStretch, at: number, twin: IStretch | null): boolean {
    const place = this.holeAt(at);
    if (place !== null) {
      this.renumber(stretch, place);
      return true;
    }
    // Which of two neighbours that say the same is the one, the place before them tells.
    const twinAt = at - 1;
    const before =
      twin && this.options.stretches[twinAt] === twin ? this.holeAt(twinAt, stretch.first) : null;
    if (twin === null || before === null || !this.kept.has(twin)) {
      return false;
    }
    const index = this.parts.findIndex(({ line }) => line === twin.line);
    const [part] = this.parts.splice(index, 1);
    this.parts.push({ ...stretch, says: null, others: part?.others ?? [] });
    this.renumber(twin, before);
    return true;
  }

  private renumber(stretch: IStretch, place: number): void {
    const { words } = this.options;
    this.parts.push({ ...stretch, first: place, says: words.indexOf(place), others: [] });
    this.tell(
      stretch,
      `Where ${words.what(place, place + 1)} belongs stands one that says ${words.indexOf(stretch.first)} (line ${stretch.line}).`,
      place
    );
  }

  /** The one place that is empty where a single line stands; null = there is no such place. @param next - the place after it. */
  private holeAt(at: number, next?: number): number | null {
    const { stretches, range } = this.options;
    const [before, stretch, after] = [stretches[at - 1], stretches[at], stretches[at + 1]];
    if (!range || stretch?.lines !== 1 || (before && !this.kept.has(before))) {
      return null;
    }
    if (next === undefined && after && !this.kept.has(after)) {
      return null;
    }
    const from = before ? before.end : range.first;
    const to = next ?? (after && after.first < DIGEST_PLACES ? after.first : range.end);
    return to - from === 1 && from < DIGEST_PLACES ? from : null;
  }

  private tellMoved(): void {
    const standing = byPlace(this.moved, ({ stands }) => stands);
    const belonging = byPlace(this.moved, ({ belongs }) => belongs);
    const told = new Set<IMoved>();
    for (const one of this.moved) {
      this.parts.push({ ...one.stretch, says: null, others: [] });
      if (told.has(one)) {
        continue;
      }
      const other = alone(standing.get(one.belongs));
      const isSwap =
        other !== null &&
        other !== one &&
        other.belongs === one.stands &&
        [standing.get(one.stands), belonging.get(one.stands), belonging.get(one.belongs)].every(
          list => alone(list) !== null
        );
      if (isSwap) {
        told.add(other);
        this.tellSwapped(one.stretch, other.stretch);
      } else {
        this.tellAstray(one);
      }
    }
  }

  private tellSwapped(one: IStretch, other: IStretch): void {
    const { words } = this.options;
    const whats = pair(words.what(one.first, one.end), words.what(other.first, other.end));
    this.tell(
      one,
      one.lines === 1 && other.lines === 1
        ? `Lines ${one.line} and ${other.line} are swapped (${whats}).`
        : `${linesText(one)} and ${linesText(other).toLowerCase()} are swapped (${whats}).`
    );
  }

  private tellAstray({ stretch, belongs }: IMoved): void {
    const { words } = this.options;
    const before = this.order[belongs - 1];
    const after = this.order[belongs];
    const where = before
      ? `after ${words.what(before.end - 1, before.end)}`
      : after
        ? `before ${words.what(after.first, after.first + 1)}`
        : 'elsewhere';
    const isOne = stretch.lines === 1;
    const reverse = stretch.step === -1 ? ', in reverse order' : '';
    this.tell(
      stretch,
      `${linesText(stretch)} (${words.what(stretch.first, stretch.end)}) ${isOne ? 'stands' : 'stand'} where ${isOne ? 'it does' : 'they do'} not belong${reverse}: the place is ${where}.`
    );
  }

  private isOutside({ first, end }: IStretch): boolean {
    const { range } = this.options;
    return range !== null && first < DIGEST_PLACES && (first < range.first || end > range.end);
  }

  private tell({ line, first }: IStretch, what: string, place = first): void {
    const index = this.options.words.indexOf(place);
    this.acts.push({ line, finding: { kind: 'order', what, index, stream: null } });
  }

  private readonly kept: ReadonlySet<IStretch>;
  /** Those that stay, in their order, which is that of the file and of the log. */
  private readonly order: readonly IStretch[];
  private readonly ends: readonly number[];
  /** Who has a place, by its first. */
  private readonly holders = new Map<number, IStretch>();
  private readonly moved: IMoved[] = [];
  private readonly parts: IPutBack[] = [];
  private readonly acts: { readonly line: number; readonly finding: IVerifyFinding }[] = [];
}

interface IMoved {
  readonly stretch: IStretch;
  /** Behind so many of those that stay. */
  readonly stands: number;
  readonly belongs: number;
}

function byPlace(
  moved: readonly IMoved[],
  place: (one: IMoved) => number
): ReadonlyMap<number, readonly IMoved[]> {
  const places = new Map<number, IMoved[]>();
  for (const one of moved) {
    const list = places.get(place(one));
    if (list) {
      list.push(one);
    } else {
      places.set(place(one), [one]);
    }
  }
  return places;
}

function alone(list: readonly IMoved[] | undefined): IMoved | null {
  return list?.length === 1 ? (list[0] ?? null) : null;
}

/** `records 7 and 9` of `record 7` and `record 9`. */
function pair(one: string, other: string): string {
  const [, kind = '', first = ''] = /^(record|digest) (\d+)$/.exec(one) ?? [];
  const [, same = '', second = ''] = /^(record|digest) (\d+)$/.exec(other) ?? [];
  return kind !== '' && kind === same ? `${kind}s ${first} and ${second}` : `${one} and ${other}`;
}

function says({ lines }: ILinePart): string {
  return lines === 1 ? 'says that it is' : 'say that they are';
}
