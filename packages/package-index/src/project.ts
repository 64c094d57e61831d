import * as v from 'valibot';

/** Lower-case hex by algorithm. */
const Hashes = v.record(v.string(), v.string());

/** A file as a page lists it, an upstream index's or ours. Only what was there is said. */
export const ProjectFile = v.object({
  filename: v.string(),
  /** An upstream index's: absolute, http or https, without a fragment. In our pages: relative to the page. */
  url: v.string(),
  hashes: Hashes,
  requiresPython: v.nullable(v.string()),
  /** null = not yanked. */
  yanked: v.nullable(v.string()),
  sizeBytes: v.nullable(v.number()),
  /** As it stood there (PEP 700). */
  uploadTime: v.nullable(v.string()),
  /** Whether `<url>.metadata` is there, and its hashes where they are told (PEP 714). */
  coreMetadata: v.union([v.boolean(), Hashes]),
  /** URL of what attests where it comes from (PEP 740). */
  provenance: v.nullable(v.string())
});
export type IProjectFile = Readonly<v.InferOutput<typeof ProjectFile>>;

/** State of a project (PEP 792). */
export const ProjectStatus = v.object({ status: v.string(), reason: v.nullable(v.string()) });
export type IProjectStatus = Readonly<v.InferOutput<typeof ProjectStatus>>;

/** What the page of a project says beside its files, whatever form it came in. */
export interface IPageRest {
  readonly status: IProjectStatus | null;
  /** As the upstream index told them (PEP 700); null = it does not. */
  readonly versions: readonly string[] | null;
}
