import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { deathSeen, sampleTaken } from '@labkeeper/protocol';
import { eventually } from '../machine/inside/eventually.mjs';
import { Container } from './container.mjs';
import { demoHubWithContainers } from './hub.mjs';

const MIB = 2 ** 20;
const LIMIT_MIB = 512;

/**
 * How far the told time may lie before the real end of a calm container: the recorder's sign of life comes every 10 s,
 * and a slow disk gets 2 s (measured: up to 10.5 s). In danger it writes all the time, and 3 s are asked for.
 */
const CALM_TIME_MS = 12_000;

/** How long a calm container lives on before it is killed; the recorder's signs of life come every 10 s. */
const AGES_MS = [3000, 0, 9000, 14_000, 6000];

/** Grows by 8 MiB every 20 ms, each page touched, until somebody ends it. */
const GROW = `import time\nheld = []\nwhile True:\n    held.append(b"x" * (8 << 20))\n    time.sleep(0.02)`;

/** Fills the container's /dev/shm of 64 MiB by a mapping: the kernel has no other answer than SIGBUS. */
const FILL_SHM = `import mmap\nf = open("/dev/shm/fill", "w+b")\nf.truncate(80 << 20)\nm = mmap.mmap(f.fileno(), 80 << 20)
for at in range(0, 80 << 20, 4096):\n    m[at] = 1`;

function expectVerdict({ verdict, evidence }, expected) {
  const { cause, memory } = verdict;
  assert.deepEqual({ cause, memory }, expected, `verdict ${JSON.stringify({ verdict, evidence })}`);
}

/** Runs `body` with a started container that has a page; removes it, whatever happens. The log goes with a failure. */
async function inContainer(engine, options, body) {
  const container = await Container.start(engine, options);
  try {
    await container.openPage();
    return { startMs: container.startMs, ...(await body(container)) };
  } catch (error) {
    throw new Error(`${error.stack}\nthe container said:\n${await container.logs()}`, { cause: error });
  } finally {
    await container.remove();
  }
}

const deathOf = (container, kernelId) =>
  container.page.first(deathSeen, ({ evidence }) => evidence.kernel.kernelId === kernelId, 30_000);

/** Every scenario, those that take longest first: `run(engine, round)` rejects when it fails and may return figures; `each(kills)`: how often it runs. */
export const SCENARIOS = {
  'container-killed-from-outside': {
    each: kills => kills,
    async run(engine, round) {
      const home = `labkeeper-test-${process.pid}-killed-${round}`;
      let kernelId = '';
      let endMs = 0;
      await inContainer(engine, { home }, async container => {
        kernelId = await container.startKernel('work.ipynb');
        await container.sampleOf(kernelId, 20);
        // Not only right after a sample, when what was written is freshest.
        await delay(AGES_MS[(round - 1) % AGES_MS.length]);
        await engine.docker('kill', container.name);
        endMs = await container.ended();
        return {};
      });
      return await inContainer(engine, { home }, async next => {
        const death = await next.recorded();
        expectVerdict(death, { cause: 'container-stopped', memory: 'no' });
        assert.equal(death.evidence.kernel.kernelId, kernelId);
        const timeWrongByMs = death.atMs - endMs;
        assert.ok(Math.abs(timeWrongByMs) < CALM_TIME_MS, `the time is wrong by ${timeWrongByMs} ms`);
        return { timeWrongByMs };
      });
    }
  },
  'container-dies-of-memory': {
    async run(engine) {
      const home = `labkeeper-test-${process.pid}-memory`;
      let kernelId = '';
      let endMs = 0;
      const environment = { LABKEEPER_DISABLE: 'oom-score' };
      await inContainer(engine, { home, environment }, async container => {
        kernelId = await container.startKernel('eater.ipynb');
        await container.sampleOf(kernelId, 20);
        // The server is made the first victim, so that its end takes the container, as without our protection.
        const server = await container.execute(
          kernelId,
          'import os\nopen(f"/proc/{os.getppid()}/oom_score_adj", "w").write("1000")'
        );
        assert.equal(server, 'ok');
        await container.submit(kernelId, GROW);
        endMs = await container.ended();
        return {};
      });
      return await inContainer(engine, { home }, async next => {
        const death = await next.recorded();
        expectVerdict(death, { cause: 'container-killed', memory: 'yes' });
        assert.equal(death.evidence.kernel.kernelId, kernelId);
        const timeWrongByMs = death.atMs - endMs;
        assert.ok(Math.abs(timeWrongByMs) < 3000, `the time is wrong by ${timeWrongByMs} ms`);
        return { timeWrongByMs, heldMiB: Math.round((death.verdict.heldBytes ?? 0) / MIB) };
      });
    }
  },
  'demo-hub': { run: demoHubWithContainers },
  'limits-and-deaths': {
    async run(engine) {
      return await inContainer(engine, {}, async container => {
        const { params: sample } = await container.page.first(
          sampleTaken,
          ({ cpu }) => cpu?.quotaCores === 0.5,
          30_000
        );
        assert.equal(sample.memory.limitBytes, LIMIT_MIB * MIB);
        assert.equal(sample.memory.limitSource, 'cgroup');
        assert.equal(sample.shm.sizeBytes, 64 * MIB);
        assert.equal(sample.processes.limit, 200);
        assert.equal(sample.home.path, engine.about.home);

        const eater = await container.startKernel('eater.ipynb');
        await container.sampleOf(eater, 20);
        await container.submit(eater, GROW);
        const { params: death } = await deathOf(container, eater);
        expectVerdict(death, { cause: 'memory-limit', memory: 'yes' });
        assert.equal(death.evidence.kernel.path, 'eater.ipynb');

        const mapper = await container.startKernel('mapper.ipynb');
        await container.sampleOf(mapper, 20);
        await container.submit(mapper, FILL_SHM);
        const { params: full } = await deathOf(container, mapper);
        expectVerdict(full, { cause: 'shm-full', memory: 'no' });
        const version =
          (await container.exec('sh', '-c', 'test -e /sys/fs/cgroup/cgroup.controllers; echo $?')) === '0';
        return { cgroup: version ? 2 : 1, heldMiB: Math.round(death.verdict.heldBytes / MIB) };
      });
    }
  },
  'read-only-home-is-harmless': {
    run: engine => deathWithoutRecorder(engine, 'read-only')
  },
  'absent-home-is-harmless': {
    run: engine => deathWithoutRecorder(engine, 'absent')
  }
};

/** Where the flight recorder cannot write, meter and verdicts work all the same. */
async function deathWithoutRecorder(engine, home) {
  return await inContainer(engine, { home }, async container => {
    const kernelId = await container.startKernel('work.ipynb');
    await container.sampleOf(kernelId, 20);
    await container.submit(kernelId, 'import os\nos._exit(3)');
    const { params: death } = await deathOf(container, kernelId);
    expectVerdict(death, { cause: 'exited', memory: 'no' });
    await eventually(
      async () => (await container.request('GET', '/api/kernels')).some(({ id }) => id === kernelId),
      10_000,
      'the kernel to be started again'
    );
    return {};
  });
}
