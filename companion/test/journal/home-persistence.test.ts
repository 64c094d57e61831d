import { outlivesContainer } from '../../src/journal/home-persistence.js';

const line = (root: string, point: string, type: string): string =>
  `36 25 0:32 ${root} ${point} rw,relatime shared:1 - ${type} source rw`;
const OVERLAY = line('/', '/', 'overlay');

describe('whether a home outlives its container', () => {
  it.each<[string, boolean | null, string[], string?]>([
    ['the container’s own layers', false, [OVERLAY]],
    ['layers of rootless Podman', false, [line('/', '/', 'fuse.fuse-overlayfs')]],
    ['a folder in memory', false, [OVERLAY, line('/', '/home/jovyan', 'tmpfs')]],
    ['NFS', true, [OVERLAY, line('/exports/ada', '/home/jovyan', 'nfs4')]],
    ['a folder of the host', true, [OVERLAY, line('/srv/homes/ada', '/home/jovyan', 'ext4')]],
    ['a named volume', true, [OVERLAY, line('/var/lib/docker/volumes/ada/_data', '/home/jovyan', 'ext4')]],
    [
      'a volume that nobody named',
      null,
      [OVERLAY, line(`/var/lib/docker/volumes/${'0f'.repeat(32)}/_data`, '/home/jovyan', 'ext4')]
    ],
    [
      'a claim of Kubernetes on the node',
      true,
      [OVERLAY, line('/var/lib/kubelet/pods/u/volumes/kubernetes.io~local-volume/pv', '/home/jovyan', 'xfs')]
    ],
    [
      'an emptyDir',
      false,
      [OVERLAY, line('/var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/home', '/home/jovyan', 'xfs')]
    ],
    ['a machine without containers', true, [line('/', '/', 'ext4'), line('/', '/proc', 'proc')]],
    ['a container on btrfs', null, [line('/var/lib/docker/btrfs/subvolumes/x', '/', 'btrfs')]],
    ['a mount further up', true, [OVERLAY, line('/', '/home', 'nfs4'), line('/', '/home/jovyan2', 'tmpfs')]],
    [
      'the later of two mounts at one place',
      false,
      [OVERLAY, line('/', '/home', 'nfs4'), line('/', '/home', 'tmpfs')]
    ],
    ['no mounts at all', null, []]
  ])('tells it of %s', (_, outlives, lines, path = '/home/jovyan') => {
    expect(outlivesContainer(`${lines.join('\n')}\n`, path)).toBe(outlives);
  });
});
