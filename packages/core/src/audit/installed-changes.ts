import type { AuditPackage } from '@labkeeper/protocol';

/** A distribution that lies on the disk, as one look found it. */
export interface IInstalled extends AuditPackage {
  /** The name of its folder, `<name>-<version>.dist-info`. */
  readonly folder: string;
  /** Changes whenever the file that is written last was written, or another one took its place. */
  readonly signature: string;
  /** When that was, by the file system's clock, ms. */
  readonly changedAtMs: number;
  /** From direct_url.json, without credentials. */
  readonly directUrl: string | null;
}

/** What has become of one distribution between two looks. */
export interface IInstalledChange {
  readonly action: 'found-on-disk' | 'install' | 'upgrade' | 'remove';
  /** As it is now; of one that was removed, as it was. */
  readonly installed: IInstalled;
}

/**
 * What has changed between two looks at one folder. Another version in the place of one is an upgrade, also an older one;
 * the same version with other files was installed anew. More than one version of a name is possible: interrupted
 * installs leave them.
 *
 * @param known - null = nobody has ever looked: how something came there is not known.
 */
export function installedChanges(
  known: readonly IInstalled[] | null,
  found: readonly IInstalled[]
): IInstalledChange[] {
  if (known === null) {
    return found.map(installed => ({ action: 'found-on-disk', installed }));
  }
  const before = byName(known);
  const after = byName(found);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap(name =>
    changesOf(before.get(name) ?? [], after.get(name) ?? [])
  );
}

function changesOf(before: readonly IInstalled[], after: readonly IInstalled[]): IInstalledChange[] {
  const counterpart = (of: IInstalled, among: readonly IInstalled[]) =>
    among.find(({ version }) => version === of.version);
  const gone = before.filter(one => !counterpart(one, after));
  const come = after.filter(one => !counterpart(one, before));
  const anew = after.filter(one => {
    const earlier = counterpart(one, before);
    return earlier && !come.includes(one) && earlier.recordDigest !== one.recordDigest;
  });
  return [
    ...come.map(
      (installed, index) => ({ action: index < gone.length ? 'upgrade' : 'install', installed }) as const
    ),
    ...anew.map(installed => ({ action: 'install', installed }) as const),
    ...gone.slice(come.length).map(installed => ({ action: 'remove', installed }) as const)
  ];
}

/** By name; of several folders with the same version the last one counts. */
function byName(list: readonly IInstalled[]): Map<string, IInstalled[]> {
  const names = new Map<string, IInstalled[]>();
  for (const one of list) {
    const others = (names.get(one.name) ?? []).filter(({ version }) => version !== one.version);
    names.set(one.name, [...others, one]);
  }
  return names;
}
