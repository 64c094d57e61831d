import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Reclaim } from '@labkeeper/protocol';
import { ReclaimWatch, type IReclaimWatchOptions } from '../../src/reclaim/reclaim-watch.js';
import { readReclaimEnvironment } from '../../src/reclaim/reclaim-environment.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { FakeMetadata } from './fake-metadata.js';
import { LoopClock } from './loop-clock.js';

const MINUTE = 60_000;

describe('ReclaimWatch', () => {
  const folder = scratch();
  let watch: ReclaimWatch | null = null;
  let lists: (readonly Reclaim[])[];
  let log: string[];

  beforeEach(() => {
    lists = [];
    log = [];
  });
  afterEach(() => watch?.dispose());
  afterAll(() => folder.remove());

  const start = (
    variables: Readonly<Record<string, string>>,
    change: Partial<IReclaimWatchOptions> & Pick<IReclaimWatchOptions, 'clock'>
  ): ReclaimWatch => {
    watch = new ReclaimWatch({
      environment: readReclaimEnvironment(variables, join(folder.path, 'companion.sock')),
      log: line => log.push(line),
      changed: reclaims => lists.push(reclaims),
      flush: () => Promise.resolve({ documents: 0, unsafeDocuments: 0 }),
      idleMs: () => null,
      sysRoot: join(folder.path, 'sys'),
      metadataUrl: 'http://127.0.0.1:9',
      ...change
    });
    watch.start();
    return watch;
  };

  it('asks nothing and sets no timer where nothing is configured and the machine is in no cloud', async () => {
    const clock = new FakeClock();
    const fake = new FakeMetadata(clock);
    const metadataUrl = await fake.listen();
    start({}, { clock, metadataUrl });
    clock.advance(60 * MINUTE);
    await new Promise(resolve => setImmediate(resolve));
    expect(clock.pending).toBe(0);
    expect(fake.asked).toEqual([]);
    expect(log).toEqual([]);
    fake.close();
  });

  it('asks the cloud that the firmware names', async () => {
    const clock = new LoopClock();
    const fake = new FakeMetadata(clock);
    const dmi = join(folder.path, 'gcp', 'class', 'dmi', 'id');
    mkdirSync(dmi, { recursive: true });
    writeFileSync(join(dmi, 'sys_vendor'), 'Google\n');
    writeFileSync(join(dmi, 'product_name'), 'Google Compute Engine\n');
    fake.gcp['instance/preempted'] = 'TRUE';
    start({}, { clock, metadataUrl: await fake.listen(), sysRoot: join(folder.path, 'gcp') });
    await until(() => lists.length > 0);
    expect(watch?.reclaims).toMatchObject([{ kind: 'reclaim', source: 'Google Cloud' }]);
    fake.close();
  });

  it('asks none when it is switched off', async () => {
    const clock = new FakeClock();
    start({ LABKEEPER_CLOUD: 'off' }, { clock, sysRoot: join(folder.path, 'gcp') });
    expect(clock.pending).toBe(0);
  });

  it('tells one notice of an emulator that moves its deadline at every request', async () => {
    const clock = new LoopClock();
    const fake = new FakeMetadata(clock);
    fake.aws.action = { action: 'terminate', time: '' };
    fake.aws.moving = true;
    const deadlineMs = clock.wallMs() + 120_000;
    start({ LABKEEPER_CLOUD: 'aws' }, { clock, metadataUrl: await fake.listen() });
    for (let round = 0; round < 10; round++) {
      await clock.pass(5000);
    }
    expect(fake.askedFor('instance-action').length).toBeGreaterThan(10);
    expect(lists).toHaveLength(1);
    expect(lists[0]).toMatchObject([{ source: 'AWS', deadlineMs }]);
    fake.close();
  });

  it("makes one notice of the cloud's word and the signal that follows", async () => {
    const clock = new LoopClock();
    const fake = new FakeMetadata(clock);
    fake.aws.action = { action: 'terminate', time: '' };
    fake.aws.moving = true;
    const reclaims = start({ LABKEEPER_CLOUD: 'aws' }, { clock, metadataUrl: await fake.listen() });
    await clock.pausing();
    reclaims.signal('SIGTERM');
    expect(reclaims.reclaims).toMatchObject([{ kind: 'reclaim', source: 'AWS', deadlineMs: null }]);
    expect(lists).toHaveLength(2);
    fake.close();
  });

  it('tells a trial, ends it by itself and forgets it', () => {
    const clock = new FakeClock();
    const reclaims = start({}, { clock });
    reclaims.trial(15);
    expect(reclaims.reclaims).toMatchObject([{ kind: 'trial', source: 'you', withdrawn: false }]);
    clock.advance(25_000);
    expect(reclaims.reclaims).toMatchObject([{ kind: 'trial', withdrawn: true }]);
    clock.advance(5 * MINUTE);
    expect(reclaims.reclaims).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(lists).toHaveLength(3);
  });

  it('takes what the hub pushes', () => {
    const clock = new FakeClock();
    const reclaims = start({}, { clock });
    const deadlineMs = clock.wallMs() + 5 * MINUTE;
    reclaims.push.says([{ key: 'stop', kind: 'stop', deadlineMs, source: 'JupyterHub' }]);
    expect(lists.at(-1)).toMatchObject([{ source: 'JupyterHub', deadlineMs }]);
    reclaims.push.says([]);
    expect(lists.at(-1)).toMatchObject([{ withdrawn: true }]);
  });

  it('tells the end of a job and of idleness as the administrator asked for', () => {
    const clock = new FakeClock();
    const startMs = clock.monotonicMs();
    const endMs = clock.wallMs() + 60 * MINUTE;
    start(
      {
        SLURM_JOB_END_TIME: `${endMs / 1000}`,
        LABKEEPER_END_WARNING_MINUTES: '5',
        LABKEEPER_CULL_TIMEOUT_MINUTES: '30',
        LABKEEPER_CULL_WARNING_MINUTES: '2'
      },
      { clock, idleMs: () => clock.monotonicMs() - startMs }
    );
    clock.advance(28 * MINUTE - 1);
    expect(lists).toEqual([]);
    clock.advance(1);
    expect(lists.at(-1)).toMatchObject([{ kind: 'cull' }]);
    clock.advance(27 * MINUTE);
    expect(lists.at(-1)).toMatchObject([
      { kind: 'cull' },
      { kind: 'wall-time', source: 'SLURM', deadlineMs: endMs }
    ]);
  });

  it("answers a hook on the companion's socket", async () => {
    const clock = new FakeClock();
    const reclaims = start({}, { clock, flush: () => Promise.resolve({ documents: 4, unsafeDocuments: 0 }) });
    const socketPath = join(folder.path, 'hook.sock');
    const server = createServer((request, response) => reclaims.handleRequest(request, response));
    await new Promise<void>(resolve => server.listen(socketPath, resolve));
    const sent = httpRequest({ socketPath, path: '/reclaim', method: 'POST', agent: false }).end();
    const [response] = await once(sent, 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(reclaims.reclaims).toMatchObject([{ kind: 'stop', source: 'endpoint' }]);
    server.close();
  });

  it('says once what is wrong with a notice, however often it is repeated', () => {
    const clock = new FakeClock();
    const reclaims = start({}, { clock });
    for (let round = 0; round < 20; round++) {
      reclaims.push.says([{ key: 'a', kind: 'reclaim', deadlineMs: 5, source: 'JupyterHub' }]);
    }
    expect(log).toHaveLength(1);
    expect(log[0]).toMatch(
      /^A notice of a reclaim by push is not heeded: its deadline passed \d+ minutes ago\.$/
    );
    for (let round = 0; round < 20; round++) {
      reclaims.push.says([{ key: 'a', kind: 'reclaim', deadlineMs: round * 1e9, source: 'JupyterHub' }]);
    }
    expect(log).toHaveLength(8);
    expect(lists).toEqual([]);
  });

  it('is silent and free of timers once it is disposed of', () => {
    const clock = new FakeClock();
    const reclaims = start({ LABKEEPER_CULL_TIMEOUT_MINUTES: '30' }, { clock, idleMs: () => 0 });
    reclaims.trial(15);
    reclaims.dispose();
    reclaims.signal('SIGTERM');
    clock.advance(MINUTE);
    expect(lists).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});
