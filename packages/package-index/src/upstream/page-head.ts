import * as v from 'valibot';
import { ProjectStatus } from '../project.js';

/** What is kept of a project between two looks at its upstream index. */
export const PageHead = v.object({
  /** Normalised. */
  name: v.string(),
  /** Id of the upstream index. */
  index: v.string(),
  /** Of the list of files as it is kept: the same for the same files. */
  digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** What makes an answer of the upstream index the same as an earlier one. */
  validators: v.object({ etag: v.nullable(v.string()), lastModified: v.nullable(v.string()) }),
  /** Epoch ms at which the upstream index last said that it is so. */
  checkedAtMs: v.number(),
  status: v.nullable(ProjectStatus),
  /** Whether the upstream index tells the versions of the project (PEP 700). */
  hasVersions: v.boolean(),
  /** Whether each file has a size. */
  hasSizes: v.boolean()
});
export type IPageHead = Readonly<v.InferOutput<typeof PageHead>>;
