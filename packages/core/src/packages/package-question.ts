import type { PackageApproval, PackageEcosystem, Severity } from '@labkeeper/protocol';

/** Something that is known to be wrong with a version of a package. */
export interface IPackageAdvisory {
  readonly id: string;
  /** Its other identifiers, such as a CVE's. */
  readonly aliases: readonly string[];
  /** null = not said. */
  readonly severity: Severity | null;
}

/** What is known of a package, or of one version of it. In all of it null = not known. */
export interface IPackageFacts {
  readonly ecosystem: PackageEcosystem;
  /** In any spelling. */
  readonly name: string;
  readonly version: string | null;
  /** As it says itself; what is no expression of SPDX counts as not known. */
  readonly licence: string | null;
  /**
   * When it appeared on its index, epoch ms: of one file its own time, of a version that of its newest file, because files
   * can be added to old versions.
   */
  readonly publishedAtMs: number | null;
  /** [] = there are none. */
  readonly advisories: readonly IPackageAdvisory[] | null;
  /** Name of the index or channel that has it. */
  readonly index: string | null;
}

/** Who wants it. */
export interface IPackageAsker {
  readonly hub: string;
  readonly user: string;
  /** null = not known. */
  readonly groups: readonly string[] | null;
  /** null = not known. */
  readonly image: string | null;
}

/** All that a decision goes by, besides the rules. */
export interface IPackageQuestion {
  readonly facts: IPackageFacts;
  readonly asker: IPackageAsker;
  readonly approvals: readonly PackageApproval[];
  /** Epoch ms. */
  readonly nowMs: number;
}

/** Whether an advisory says that the package is malicious, not only faulty: OSV marks those by their identifiers. */
export function isMalicious({ id, aliases }: IPackageAdvisory): boolean {
  return [id, ...aliases].some(one => one.toUpperCase().startsWith('MAL-'));
}
