import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { sampleTaken } from '@labkeeper/protocol';
import { Container } from './container.mjs';
import { flightRecords } from './flight.mjs';
import { Group } from './group.mjs';

const MIB = 2 ** 20;

/** A limit that a companion and some kernels fit into; below 256 MiB file pages thrash (measured). */
const LIMIT_MIB = 256;

let serial = 0;

/** A new group of its own for every round, as every container gets one. */
function newGroup(settings, parent = '') {
  serial += 1;
  return new Group(`${parent}lab-${serial}`, { 'memory.max': `${LIMIT_MIB}M`, ...settings });
}

/** Runs `body` with a started container and clears up, whatever happens. The companion's log goes with a failure. */
async function inContainer(group, options, body) {
  const container = await Container.start(group, options);
  try {
    return { startMs: container.startMs, ...(await body(container)) };
  } catch (error) {
    const log = container.log();
    throw log === '' ? error : new Error(`${error.stack}\nthe companion said:\n${log}`);
  } finally {
    await container.close();
  }
}

/** The message that carries the expected cause, or a failure that shows what was said instead. */
function expectVerdict({ verdict, evidence }, expected) {
  const { cause, memory } = verdict;
  assert.deepEqual({ cause, memory }, expected, `verdict ${JSON.stringify({ verdict, evidence })}`);
}

/** Fills the container by `stepMiB` at a time, with a pause that lets the companion see it, until the kernel dies. */
async function growToDeath(kernel, stepMiB, enoughMiB) {
  while (await kernel.grow(stepMiB)) {
    assert.ok(kernel.heldMiB < enoughMiB, `${kernel.heldMiB} MiB and still alive`);
  }
  const end = await kernel.ended;
  assert.equal(end.signal, 'SIGKILL', JSON.stringify(end));
  return end;
}

/** Eight kernels that the companion knows, with 4 MiB each. */
async function eightKernels(container) {
  const kernels = await Promise.all(Array.from({ length: 8 }, () => container.startKernel()));
  await Promise.all(kernels.map(kernel => kernel.grow(3)));
  return kernels;
}

/** Lets all grow alike, so that each stays smaller than the server, until `over`. */
async function growTogether(kernels, over) {
  while (!over()) {
    await Promise.all(kernels.map(kernel => kernel.grow(2)));
    assert.ok(kernels[0].heldMiB < 100, 'nobody was killed');
  }
}

const oomScore = pid => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));

/** Every scenario: `run(round)` rejects when it fails and may return figures; `each(kills)` says how often it runs. */
export const SCENARIOS = {
  'own-limit': {
    async run() {
      return await inContainer(newGroup(), {}, async container => {
        const kernel = await container.startKernel();
        await kernel.grow(40);
        const { memory, pressure, processes } = await container.sampleOf(kernel, 40);
        assert.equal(memory.limitBytes, LIMIT_MIB * MIB);
        assert.equal(memory.limitSource, 'cgroup');
        assert.ok(memory.peakBytes >= 60 * MIB, `memory.peak ${memory.peakBytes}`);
        assert.equal(pressure.scope, 'container');
        assert.ok(processes.current >= 3 && processes.limit === null, JSON.stringify(processes));
        const end = await growToDeath(kernel, 20, LIMIT_MIB);
        const { params: death, atMs } = await container.death(kernel);
        expectVerdict(death, { cause: 'memory-limit', memory: 'yes' });
        assert.equal(death.verdict.confidence, 'certain');
        const heldMiB = death.verdict.heldBytes / MIB;
        // It died in the middle of the last order.
        assert.ok(
          heldMiB > 0.9 * kernel.heldMiB && heldMiB < 1.1 * (kernel.heldMiB + 20),
          `${heldMiB} MiB held, ${kernel.heldMiB} ordered`
        );
        return { verdictAfterMs: atMs - end.atMs, heldMiB: Math.round(heldMiB), orderedMiB: kernel.heldMiB };
      });
    }
  },
  'limit-above': {
    async run() {
      const parent = new Group('pod', { 'memory.max': `${LIMIT_MIB}M` });
      const figures = await inContainer(
        newGroup({ 'memory.max': `${2 * LIMIT_MIB}M` }, 'pod/'),
        {},
        async container => {
          const kernel = await container.startKernel();
          await kernel.grow(40);
          await container.sampleOf(kernel, 40);
          await growToDeath(kernel, 20, 2 * LIMIT_MIB);
          assert.equal(container.group.number('memory.events', 'oom'), 0);
          const { params: death } = await container.death(kernel);
          expectVerdict(death, { cause: 'memory-elsewhere', memory: 'yes' });
          return {};
        }
      );
      await parent.remove();
      return figures;
    }
  },
  'limit-above-visible': {
    async run() {
      const parent = new Group('slice', { 'memory.max': `${LIMIT_MIB}M` });
      const figures = await inContainer(
        newGroup({ 'memory.max': `${2 * LIMIT_MIB}M` }, 'slice/'),
        { namespace: 'host' },
        async container => {
          const kernel = await container.startKernel();
          await kernel.grow(40);
          const { memory } = await container.sampleOf(kernel, 40);
          assert.equal(memory.limitBytes, LIMIT_MIB * MIB);
          assert.equal(memory.limitSource, 'parent-cgroup');
          return {};
        }
      );
      await parent.remove();
      return figures;
    }
  },
  'machine-out-of-memory': {
    async run() {
      return await inContainer(newGroup({ 'memory.max': '4096M' }), {}, async container => {
        const kernel = await container.startKernel();
        await kernel.grow(40);
        await container.sampleOf(kernel, 40);
        await container.preferKernels(oomScore);
        await growToDeath(kernel, 50, 4096);
        const { params: death } = await container.death(kernel);
        expectVerdict(death, { cause: 'memory-elsewhere', memory: 'yes' });
        return { heldMiB: kernel.heldMiB };
      });
    }
  },
  'killed-from-outside-at-95-percent': {
    async run() {
      return await inContainer(newGroup(), {}, async container => {
        const kernel = await container.startKernel();
        while (container.group.unreclaimable() < 0.95 * LIMIT_MIB * MIB) {
          assert.ok(await kernel.grow(2), 'died of memory before it was killed');
        }
        await container.sampleOf(kernel, kernel.heldMiB - 4);
        kernel.kill('SIGKILL');
        const { params: death } = await container.death(kernel);
        assert.equal(container.group.number('memory.events', 'oom_kill'), 0);
        expectVerdict(death, { cause: 'killed-outside', memory: 'no' });
        return { heldMiB: kernel.heldMiB };
      });
    }
  },
  throttled: {
    async run() {
      return await inContainer(newGroup({ 'cpu.max': '50000 100000' }), {}, async container => {
        const kernel = container.startKernelRunning([
          'sh',
          '-c',
          'while :; do :; done & while :; do :; done'
        ]);
        const { params } = await container.page.first(
          sampleTaken,
          ({ cpu }) => (cpu?.throttledShare ?? 0) > 0.8,
          20_000
        );
        assert.equal(params.cpu.quotaCores, 0.5);
        assert.equal(params.cpu.machineCores, 2);
        assert.ok(kernel.end === null);
        return {
          throttledShare: params.cpu.throttledShare.toFixed(2),
          usedCores: params.cpu.usedCores.toFixed(2)
        };
      });
    }
  },
  'too-many-processes': {
    async run() {
      return await inContainer(newGroup({ 'pids.max': 40 }), {}, async container => {
        const kernel = container.startKernelRunning(['sh', '-c', 'while sleep 600 & do :; done; exit 1']);
        await kernel.ended;
        assert.ok(container.group.number('pids.events', 'max') > 0);
        const { params: death } = await container.death(kernel);
        expectVerdict(death, { cause: 'too-many-processes', memory: 'no' });
        const { before, after } = death.evidence;
        assert.ok(after.pidsRefused > before.pidsRefused, JSON.stringify({ before, after }));
        return {};
      });
    }
  },
  'server-survives-eight-kernels': {
    async run() {
      return await inContainer(newGroup({ 'memory.max': '448M' }), { serverMiB: 110 }, async container => {
        const kernels = await eightKernels(container);
        await container.preferKernels(oomScore);
        await growTogether(kernels, () => kernels.some(kernel => kernel.end !== null));
        const victim = kernels.find(kernel => kernel.end !== null);
        const { params: death } = await container.death(victim);
        expectVerdict(death, { cause: 'memory-limit', memory: 'yes' });
        assert.equal(container.server.end, null, 'the server was killed');
        assert.equal(container.companion.exitCode, null);
        return { victimMiB: victim.heldMiB, serverMiB: container.server.heldMiB };
      });
    }
  },
  'server-dies-where-that-is-switched-off': {
    async run() {
      const options = { serverMiB: 110, environment: { LABKEEPER_DISABLE: 'oom-score' } };
      return await inContainer(newGroup({ 'memory.max': '448M' }), options, async container => {
        const kernels = await eightKernels(container);
        await growTogether(kernels, () => container.server.end !== null);
        // The killer takes the biggest: without the switch this container would have kept its server.
        assert.equal(container.server.end.signal, 'SIGKILL');
        assert.ok(kernels.every(kernel => kernel.end === null));
        return {};
      });
    }
  },
  'whole-container-killed-by-memory': {
    each: kills => kills,
    async run(round) {
      // Slow enough for every sample, fast, and in one go.
      const stepMiB = [8, 30, 300][(round - 1) % 3];
      const home = `/home/round-${round}`;
      const container = await Container.start(newGroup({ 'memory.oom.group': 1 }), { home });
      // A second running cell every other time: then growth between two samples has two possible owners.
      const others = round % 2 === 0 ? 'busy' : 'idle';
      const bystander = await container.startKernel('other.ipynb', others);
      await bystander.grow(10);
      const kernel = await container.startKernel('holder.ipynb');
      await kernel.grow(40);
      await container.sampleOf(kernel, 40);
      await container.recorded(kernel);
      container.groupKilled = true;
      const end = await growToDeath(kernel, stepMiB, LIMIT_MIB + stepMiB);
      assert.equal((await container.companionEnded).signal, 'SIGKILL');
      assert.equal((await container.server.ended).signal, 'SIGKILL');
      await container.abandon();
      const records = flightRecords(home);
      return await inContainer(newGroup({ 'memory.oom.group': 1 }), { home }, async next => {
        const death = await firstRecorded(next, kernel, records);
        expectVerdict(death, { cause: 'container-killed', memory: 'yes' });
        const lateMs = death.atMs - end.atMs;
        assert.ok(Math.abs(lateMs) < 3000, `the time is wrong by ${lateMs} ms`);
        return {
          stepMiB,
          others,
          timeWrongByMs: lateMs,
          heldMiB: Math.round((death.verdict.heldBytes ?? 0) / MIB),
          orderedMiB: kernel.heldMiB
        };
      });
    }
  },
  'whole-container-stopped-by-others': {
    async run() {
      const home = '/home/stopped';
      const container = await Container.start(newGroup(), { home });
      const kernel = await container.startKernel();
      await kernel.grow(40);
      await container.sampleOf(kernel, 40);
      await container.recorded(kernel);
      container.groupKilled = true;
      container.group.write('cgroup.kill', 1);
      const end = await kernel.ended;
      await container.abandon();
      const records = flightRecords(home);
      return await inContainer(newGroup(), { home }, async next => {
        const death = await firstRecorded(next, kernel, records);
        expectVerdict(death, { cause: 'container-stopped', memory: 'no' });
        const timeWrongByMs = death.atMs - end.atMs;
        // While calm the recorder gives a sign of life every 10 s, and a slow disk gets 2 s.
        assert.ok(Math.abs(timeWrongByMs) < 12_000, `the time is wrong by ${timeWrongByMs} ms`);
        return { timeWrongByMs };
      });
    }
  }
};

/** The death that the next start knows from the flight recorder; it must name the right kernel. */
async function firstRecorded(container, kernel, records) {
  try {
    const death = await container.page.death(({ evidence }) => evidence.fromFlightRecorder, 40_000);
    assert.equal(
      death.evidence.kernel.kernelId,
      kernel.kernelId,
      `another kernel is blamed: ${JSON.stringify(death)}`
    );
    return death;
  } catch (error) {
    throw new Error(
      `${error.message}\nthe last of ${records.length} records:\n${records.slice(-8).join('\n')}`,
      {
        cause: error
      }
    );
  }
}
