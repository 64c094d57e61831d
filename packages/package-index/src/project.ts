/** A file as an upstream index lists it. Only what was there is said. */
export interface IProjectFile {
  readonly filename: string;
  /** Absolute, http or https, without a fragment. */
  readonly url: string;
  /** Lower-case hex by algorithm. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly requiresPython: string | null;
  /** null = not yanked. */
  readonly yanked: string | null;
  readonly sizeBytes: number | null;
  /** As it stood there (PEP 700). */
  readonly uploadTime: string | null;
  /** Whether `<url>.metadata` is there, and its hashes where they are told (PEP 714). */
  readonly coreMetadata: boolean | Readonly<Record<string, string>>;
  /** URL of what attests where it comes from (PEP 740). */
  readonly provenance: string | null;
}

/** State of a project (PEP 792). */
export interface IProjectStatus {
  readonly status: string;
  readonly reason: string | null;
}

/** The page of a project, whatever form it came in. */
export interface IProject {
  readonly name: string;
  readonly status: IProjectStatus | null;
  /** As the upstream index told them (PEP 700); null = it does not. */
  readonly versions: readonly string[] | null;
  readonly files: readonly IProjectFile[];
  /** Entries that could not be read, in sentences; the first few. */
  readonly troubles: readonly string[];
}
