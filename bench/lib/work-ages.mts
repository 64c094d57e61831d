import { quantile } from './statistics.mts';

/** Where work is safe from the end of the machine. `disk`: in the file or in the journal. */
export type Place = 'file' | 'disk';

/** What became of the edits of one document. */
export interface IAges {
  readonly edits: number;
  /** From an edit until it was seen there, the worst, in seconds. One that was not seen counts until the end. */
  readonly worstS: number;
  readonly medianS: number;
  readonly p99S: number;
  /** Edits that were not there at the end. */
  readonly missing: number;
  /** Of each edit, in seconds. */
  readonly each: readonly number[];
}

/** Numbered edits of one document: when each was made, and when it was seen on the disk. */
export class WorkAges {
  /** An edit was made. Numbers go up from 0, one by one. */
  made(atMs: number): void {
    this.madeAt.push(atMs);
  }

  /** Number of the next edit. */
  get next(): number {
    return this.madeAt.length;
  }

  /** When the last edit was made. */
  get lastMs(): number {
    return this.madeAt.at(-1) ?? Number.NaN;
  }

  /** Everything up to an edit was seen in the file or in the journal. */
  seen(where: 'file' | 'journal', number: number, atMs: number): void {
    for (const place of where === 'file' ? (['file', 'disk'] as const) : (['disk'] as const)) {
      const sightings = this.sightings[place];
      if (number > (sightings.at(-1)?.number ?? -1)) sightings.push({ number, atMs });
    }
  }

  /** The newest edit that was seen there; -1 = none. */
  newest(place: Place): number {
    return this.sightings[place].at(-1)?.number ?? -1;
  }

  /** When everything up to an edit had been seen there; null = it was not. */
  seenMs(place: Place, number: number): number | null {
    return this.sightings[place].find(sighting => sighting.number >= number)?.atMs ?? null;
  }

  ages(place: Place, endMs: number): IAges {
    const ages = this.madeAt.map((atMs, number) => ((this.seenMs(place, number) ?? endMs) - atMs) / 1000);
    return {
      edits: ages.length,
      worstS: Math.max(...ages),
      medianS: quantile(ages, 0.5),
      p99S: quantile(ages, 0.99),
      missing: this.next - 1 - Math.min(this.newest(place), this.next - 1),
      each: ages.map(age => Number(age.toFixed(1)))
    };
  }

  private readonly madeAt: number[] = [];
  private readonly sightings: Record<Place, { number: number; atMs: number }[]> = { file: [], disk: [] };
}
