import { agreeing, Places } from './agreeing.js';
import type { IVerifyFinding } from './findings.js';
import { countUpTo, inOrder } from './in-order.js';
import { DIGEST_PLACES, type ILinePart, type IStretch } from './line-stretches.js';
import { asLines, linesText, type IPlaceWords } from './place-words.js';

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
  /** Lines without a place that stand before the first one that stays. */
  readonly lead: readonly ILinePart[];
  /** The file as it was in order. What stood in it twice is in it once. */
  readonly parts: readonly IPutBack[];
  /** Lines tell of the same places and hold something else: with `prefersLater` others stay. */
  readonly hasChoice: boolean;
}

/** What is known of the file. */
export interface IDisorderOptions {
  readonly stretches: readonly IStretch[];
  /** What belongs behind all of them. */
  readonly tail: readonly ILinePart[];
  /** Every place of it has to be there; null = not known which. */
  readonly range: { readonly first: number; readonly end: number } | null;
  readonly words: IPlaceWords;
  /** Whether two lines or stretches are the same, byte for byte. */
  readonly isSame: (one: ILinePart, other: ILinePart) => boolean;
  /** Of lines that tell of the same places and hold something else the later one stays, not the earlier. */
  readonly prefersLater: boolean;
}

/** Tells which lines of a file stand where they do not belong, by the fewest that have to be put back. */
export class Disorder {
  constructor(private readonly options: IDisorderOptions) {
    const { stretches, prefersLater } = options;
    const inside = stretches.filter(stretch => !this.isOutside(stretch));
    this.agreeing = agreeing(inside, prefersLater);
    this.told = new Places(this.agreeing);
    this.kept = inOrder(inside.filter(stretch => this.agreeing.has(stretch)));
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
    this.tellTail();
    if (this.acts.length === 0) {
      return null;
    }
    const acts = [...this.acts].sort((one, other) => one.line - other.line).map(({ finding }) => finding);
    const parts = [...this.parts.values()].sort((one, other) => one.first - other.first);
    return { acts, lead: this.lead, parts, hasChoice: this.hasChoice };
  }

  /** Those that stay, and lines without a place behind the one that stays before them. */
  private stay(): void {
    let behind = this.lead;
    for (const stretch of this.options.stretches) {
      if (this.kept.has(stretch)) {
        behind = [];
        this.holders.set(stretch.first, stretch);
        this.put(stretch, behind);
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
    if (this.isOutside(stretch)) {
      this.tellOutside(stretch, at);
    } else if (!this.agreeing.has(stretch)) {
      this.hasChoice = true;
      this.tell(
        stretch,
        `${tells(stretch, this.options.words)} as deleted, and other lines tell of some of them too: they contradict each other, and it was left out.`
      );
    } else {
      this.place(stretch, at, stands);
    }
  }

  private tellOutside(stretch: IStretch, at: number): void {
    const { words, range } = this.options;
    if (this.isRenumbered(stretch, at, null)) {
      return;
    }
    const isPartly = range !== null && stretch.first < range.end && stretch.end > range.first;
    const which = isPartly ? 'of some of which the first line does not' : 'which the first line does not';
    this.tell(stretch, `${tells(stretch, words)}, ${which}.`);
  }

  private place(stretch: IStretch, at: number, stands: number): void {
    const twin = this.holders.get(stretch.first);
    if (!twin) {
      this.holders.set(stretch.first, stretch);
      this.moved.push({ stretch, stands, belongs: countUpTo(this.ends, stretch.first) });
      return;
    }
    const { words, isSame } = this.options;
    const isSameWay = twin.lines === 1 || twin.step === stretch.step;
    if (isSameWay && isSame(twin, stretch)) {
      const what = words.what(stretch.first, stretch.end);
      const be = twin.lines === 1 ? 'is' : 'are';
      this.tell(stretch, `${linesText(stretch)} ${be} ${asLines(twin)} again (${what}).`);
    } else if (!this.isRenumbered(stretch, at, twin)) {
      this.tellUnlike(stretch, twin, stands);
    }
  }

  /** Which of the two it is that was signed cannot be seen here. */
  private tellUnlike(stretch: IStretch, twin: IStretch, stands: number): void {
    const { prefersLater } = this.options;
    this.hasChoice = true;
    if (!prefersLater || !this.kept.has(twin)) {
      this.tell(stretch, this.unlike(stretch, twin));
      return;
    }
    this.tell(twin, this.unlike(twin, stretch));
    this.holders.set(stretch.first, stretch);
    const others = this.parts.get(twin.line)?.others ?? [];
    this.parts.delete(twin.line);
    this.put(stretch, others);
    const belongs = countUpTo(this.ends, stretch.first);
    if (stands < belongs || stands > belongs + 1) {
      this.tellAstray({ stretch, stands, belongs });
    } else {
      this.tellFalling(stretch);
    }
  }

  private unlike(one: IStretch, other: IStretch): string {
    const does = other.lines === 1 ? 'does' : 'do';
    const how =
      one.lines === 1 && other.lines === 1
        ? 'and what it holds is something else'
        : 'in another order or with another content';
    return `${tells(one, this.options.words)}, as ${asLines(other)} ${does}, ${how}.`;
  }

  /** A line in the place of another one is that other one, if what it holds is not that of the one that it says it is. */
  private isRenumbered(stretch: IStretch, at: number, twin: IStretch | null): boolean {
    const place = stretch.isRecord ? this.holeAt(at) : null;
    if (place !== null) {
      this.renumber(stretch, place);
      return true;
    }
    // Which of two neighbours that say the same is the one, the place before them tells.
    const twinAt = at - 1;
    const before =
      twin?.isRecord && this.options.stretches[twinAt] === twin ? this.holeAt(twinAt, stretch.first) : null;
    if (twin === null || before === null || !this.kept.has(twin)) {
      return false;
    }
    const others = this.parts.get(twin.line)?.others ?? [];
    this.put(stretch, others);
    this.holders.set(stretch.first, stretch);
    this.renumber(twin, before);
    return true;
  }

  private renumber(stretch: IStretch, place: number): void {
    const { words } = this.options;
    this.filled.add(place);
    this.parts.set(stretch.line, { ...stretch, first: place, says: words.indexOf(place), others: [] });
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
    // Where a line elsewhere says that it belongs there, that is the one.
    const isEmpty = !this.told.has(from) && !this.filled.has(from);
    return to - from === 1 && from < DIGEST_PLACES && isEmpty ? from : null;
  }

  private tellMoved(): void {
    const standing = byPlace(this.moved, ({ stands }) => stands);
    const belonging = byPlace(this.moved, ({ belongs }) => belongs);
    const told = new Set<IMoved>();
    for (const one of this.moved) {
      this.put(one.stretch, []);
      if (told.has(one)) {
        continue;
      }
      const other = alone(standing.get(one.belongs));
      const isSwap =
        other !== null &&
        other !== one &&
        other.belongs === one.stands &&
        one.stretch.step === 1 &&
        other.stretch.step === 1 &&
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
        : `${linesText(one)} and ${asLines(other)} are swapped (${whats}).`
    );
  }

  private tellAstray({ stretch, belongs }: IMoved): void {
    const { words } = this.options;
    const before = this.order[belongs - 1];
    // Where the one that stays tells of the same place, it is about the next one.
    const after = this.order.slice(belongs, belongs + 2).find(({ first }) => first > stretch.first);
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

  /** What stands before one that stays was moved there: the others behind which it stands were moved themselves. */
  private tellTail(): void {
    const last = this.order.at(-1)?.line ?? 0;
    for (const part of this.options.tail) {
      if (part.line < last) {
        const stand = part.lines === 1 ? 'stands where it does' : 'stand where they do';
        const what = `${linesText(part)} ${stand} not belong: the place is behind all records and digests.`;
        this.acts.push({ line: part.line, finding: { kind: 'order', what, index: null, stream: null } });
      }
    }
  }

  private put(stretch: IStretch, others: readonly ILinePart[]): void {
    this.parts.set(stretch.line, { ...stretch, says: null, others });
  }

  private isOutside({ first, end }: IStretch): boolean {
    const { range } = this.options;
    return range !== null && first < DIGEST_PLACES && (first < range.first || end > range.end);
  }

  private tell({ line, first }: IStretch, what: string, place = first): void {
    const index = this.options.words.indexOf(place);
    this.acts.push({ line, finding: { kind: 'order', what, index, stream: null } });
  }

  private readonly agreeing: ReadonlySet<IStretch>;
  private readonly told: Places;
  /** Places of lines that say that they are others. */
  private readonly filled = new Set<number>();
  private readonly kept: ReadonlySet<IStretch>;
  /** Those that stay, in their order, which is that of the file and of the log. */
  private readonly order: readonly IStretch[];
  private readonly ends: readonly number[];
  /** Who has a place, by its first. */
  private readonly holders = new Map<number, IStretch>();
  private readonly moved: IMoved[] = [];
  private readonly lead: ILinePart[] = [];
  /** By the number of their first line in the file. */
  private readonly parts = new Map<number, IPutBack>();
  private hasChoice = false;
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

/** `Line 7 tells of record 3` */
function tells(stretch: IStretch, words: IPlaceWords): string {
  const tell = stretch.lines === 1 ? 'tells' : 'tell';
  return `${linesText(stretch)} ${tell} of ${words.what(stretch.first, stretch.end)}`;
}
