/** Which holdings are asked for. Names and versions are compared whole. */
export interface IHoldersAsked {
  /** Any of these names: as it was typed, and as its ecosystem writes it. */
  readonly packages: readonly string[];
  /** null = any. */
  readonly version: string | null;
  /** Held at any moment of the day that begins here, epoch ms; null = held now. */
  readonly dayMs: number | null;
  /** Only of people of this hub; null = of all. */
  readonly hub: string | null;
  /** Only of those who were in one of these groups when it began; null = of all. */
  readonly groups: readonly string[] | null;
}

/** One version that somebody has or had. */
export interface IHolder {
  /** Index of the record that says so: it begins no other one. */
  readonly sinceIndex: number;
  /** By the hub's clock. */
  readonly sinceMs: number;
  /** Index of the record that ended it; null = it is held. */
  readonly untilIndex: number | null;
  readonly untilMs: number | null;
  readonly hub: string;
  /** null = her name was erased. */
  readonly user: string | null;
  /** null = erased; '' is the default server. */
  readonly server: string | null;
  /** null = nobody told which. */
  readonly environment: string | null;
  readonly ecosystem: string;
  readonly packageName: string;
  /** null = not known. */
  readonly packageVersion: string | null;
  /** When the server sent something last, by the hub's clock; null = never. */
  readonly heardMs: number | null;
}

export interface IHoldersCount {
  readonly holdings: number;
  readonly people: number;
  readonly servers: number;
}

/** Who has which package. */
export interface IHolders {
  /** The newest first. @param before - index of the record that began the last one of the page before; null = from the newest on. */
  list(asked: IHoldersAsked, before: number | null, limit: number): Promise<readonly IHolder[]>;
  /** Of the first `cap` holdings: as many as `cap` means "or more". */
  count(asked: IHoldersAsked, cap: number): Promise<IHoldersCount>;
}
