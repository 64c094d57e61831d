import { plant, type Files, type ITree } from '../../test/fixtures/tree.js';
import {
  HYBRID,
  NONE,
  V1_DOCKER,
  V1_HOST,
  V2_HOST,
  V2_OUTSIDE_MOUNT,
  V2_PRIVATE,
  groupV2
} from '../../test/fixtures/systems.js';
import { locateCgroups, type ICgroups } from './locate-cgroups.js';

let tree: ITree;
afterEach(() => tree.dispose());

function locate(pid: number | null, ...files: Files[]): ICgroups {
  tree = plant(...files);
  return locateCgroups({ procRoot: tree.procRoot, cgroupRoot: tree.cgroupRoot, pid });
}

/** The paths below the root, to be compared with fixtures. */
function below(groups: ICgroups): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, group]) => [
      name,
      group === null
        ? 'none'
        : [group.path, ...group.parents].map(path => path.slice(tree.cgroupRoot.length) || '/').join(' < ') +
          ` v${group.version}`
    ])
  );
}

describe('locateCgroups', () => {
  it('takes the mount itself in Docker on v1, although the path is the host’s', () => {
    expect(below(locate(null, V1_DOCKER))).toEqual({
      memory: '/memory v1',
      cpu: '/cpu v1',
      cpuacct: '/cpuacct v1',
      pids: '/pids v1',
      members: '/memory v1'
    });
  });

  it('joins mount and path on a v1 host, and leaves the machine’s root out', () => {
    const service = '/system.slice/jupyter-ada.service';
    expect(below(locate(null, V1_HOST))).toEqual({
      memory: `/memory${service} < /memory/system.slice v1`,
      cpu: `/cpu,cpuacct${service} v1`,
      cpuacct: `/cpu,cpuacct${service} v1`,
      pids: `/pids${service} v1`,
      members: `/memory${service} < /memory/system.slice v1`
    });
  });

  it('takes the mount in a private namespace on v2', () => {
    expect(below(locate(null, V2_PRIVATE))).toMatchObject({ memory: '/ v2', cpu: '/ v2', pids: '/ v2' });
  });

  it('sees the groups above on a v2 host', () => {
    expect(below(locate(null, V2_HOST))['memory']).toBe('/hub.slice/jupyter-ada.service < /hub.slice v2');
  });

  it('chooses the version per controller on a hybrid system', () => {
    expect(below(locate(null, HYBRID))).toMatchObject({
      memory: '/memory/docker/4f1c v1',
      cpu: '/unified/docker/4f1c v2',
      pids: '/unified/docker/4f1c v2'
    });
  });

  it('reads the server’s group where its pid is given', () => {
    const groups = locate(40, V2_HOST, {
      'proc/self/cgroup': '0::/hub.slice\n',
      'proc/40/cgroup': '0::/hub.slice/jupyter-ada.service\n'
    });
    expect(below(groups)['memory']).toBe('/hub.slice/jupyter-ada.service < /hub.slice v2');
  });

  it('finds a sibling namespace below a mount that was made outside', () => {
    const groups = locate(
      40,
      V2_OUTSIDE_MOUNT,
      { 'proc/40/cgroup': '0::/../sibling\n' },
      groupV2('sys/fs/cgroup/sibling')
    );
    expect(below(groups)['memory']).toBe('/sibling < / v2');
  });

  it('does not leave the mount for a sibling that it cannot see', () => {
    const groups = locate(40, V2_PRIVATE, { 'proc/40/cgroup': '0::/../sibling\n' });
    expect(below(groups)['memory']).toBe('/ v2');
  });

  it('looks for its own pid where the mount hides the names in between', () => {
    expect(below(locate(null, V2_OUTSIDE_MOUNT))['memory']).toBe('/ours < / v2');
  });

  it('climbs to the group in which the controller is on', () => {
    const groups = locate(null, V2_HOST, {
      'proc/self/cgroup': '0::/hub.slice/jupyter-ada.service/app.scope\n',
      'sys/fs/cgroup/hub.slice/jupyter-ada.service/app.scope/cgroup.type': 'domain\n'
    });
    expect(below(groups)['memory']).toBe('/hub.slice/jupyter-ada.service < /hub.slice v2');
  });

  it('finds nothing without control groups, without /proc, and in the machine’s own root', () => {
    const none = { memory: null, cpu: null, cpuacct: null, pids: null, members: null };
    expect(locate(null, NONE)).toEqual(none);
    tree.dispose();
    expect(locate(null, {})).toEqual(none);
    tree.dispose();
    expect(locate(null, V2_HOST, { 'proc/self/cgroup': '0::/\n' })).toEqual(none);
  });
});
