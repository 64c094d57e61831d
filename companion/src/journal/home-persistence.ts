import { parseMounts, type IMount } from '../adapters/mounts.js';

/** File systems in memory. */
const MEMORY = new Set(['tmpfs', 'ramfs']);
/** File systems of container images: what is written there goes with the container. */
const LAYERS = new Set(['overlay', 'aufs', 'fuse.fuse-overlayfs']);
/** A volume that Docker made without being asked for one: its name is 64 hexadecimal digits. */
const UNNAMED_VOLUME = /\/volumes\/[0-9a-f]{64}\/_data(\/|$)/;
/** A volume of a Kubernetes pod that ends with it, as its path on the node. */
const POD_VOLUME = /\/kubernetes\.io~(empty-dir|projected|downward-api|configmap|secret)\//;

/**
 * Whether what is written to a folder outlives the container, as far as its mount tells.
 *
 * @param mountinfo - the text of `/proc/self/mountinfo`.
 * @param path - the folder, absolute and without links.
 * @returns null = it cannot be told.
 */
export function outlivesContainer(mountinfo: string, path: string): boolean | null {
  const mounts = parseMounts(mountinfo);
  const mount = mountOf(mounts, path);
  if (!mount) {
    return null;
  }
  if (MEMORY.has(mount.type) || LAYERS.has(mount.type) || POD_VOLUME.test(mount.root)) {
    return false;
  }
  if (UNNAMED_VOLUME.test(mount.root)) {
    // It outlives a stop, and goes where the container is removed with its volumes.
    return null;
  }
  const root = mountOf(mounts, '/');
  // A home on the root file system of a container that has no layers: Docker on btrfs or zfs.
  return mount === root && mount.root !== '/' ? null : true;
}

/** The mount that holds a path: the deepest one, and of several at one place the last. */
function mountOf(mounts: readonly IMount[], path: string): IMount | null {
  let found: IMount | null = null;
  for (const mount of mounts) {
    const { mountPoint } = mount;
    const holds = mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
    if (holds && mountPoint.length >= (found?.mountPoint.length ?? 0)) {
      found = mount;
    }
  }
  return found;
}
