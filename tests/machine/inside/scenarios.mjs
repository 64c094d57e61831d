import assert from 'node:assert/strict';
import { Group } from './group.mjs';
import { Hog } from './hog.mjs';

let serial = 0;

/** A new group of its own for every round, as every container gets one. */
function newGroup(settings) {
  serial += 1;
  return new Group(`lab-${serial}`, settings);
}

/** Every scenario: `run(round)` rejects when it fails and may return figures; `each(kills)` says how often it runs. */
export const SCENARIOS = {
  'cgroup-v2-kills-one': {
    async run() {
      const group = newGroup({ 'memory.max': '128M', 'memory.swap.max': '0' });
      const hog = new Hog(group);
      assert.equal(await hog.grow(200), false);
      const end = await hog.ended;
      assert.equal(end.signal, 'SIGKILL', JSON.stringify(end));
      assert.equal(group.number('memory.events', 'oom_kill'), 1);
      assert.ok(Number(group.read('memory.peak')) > 120 * 2 ** 20);
      await group.remove();
      return {};
    }
  }
};
