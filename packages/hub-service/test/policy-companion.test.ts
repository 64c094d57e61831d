import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildProgram } from './support/build-program.js';
import { freePort } from './support/free-port.js';
import { HubStandIn } from './support/hub-stand-in.js';
import { scratchFolder } from './support/scratch-databases.js';

jest.setTimeout(180_000);

const ROOT = join(__dirname, '../../..');
const PREFIX = '/services/labkeeper/';

const off = (...parts: string[]): string =>
  parts
    .map(part => `[[switch]]\npart = "${part}"\nstate = "off"\nimages = ["lab:*"]\nreason = "Tried out."\n`)
    .join('\n');

/** What is asked of a companion's health here. */
interface IHealth {
  readonly disabled: readonly string[];
  readonly policy: { readonly policy: string | null; readonly connected: boolean } | null;
}

describe('from the policy file to a running server, with the real processes', () => {
  const folder = scratchFolder();
  const file = join(folder.path, 'labkeeper.toml');
  const socket = join(folder.path, 'companion.sock');
  const program = (name: string): string => join(folder.path, `${name}.mjs`);
  const children: ChildProcess[] = [];
  let hub: HubStandIn;

  beforeAll(async () => {
    hub = await HubStandIn.start();
    await buildProgram(join(__dirname, '../src/main.ts'), program('service'));
    await buildProgram(join(ROOT, 'companion/src/main.ts'), program('companion'));
  });
  afterAll(async () => {
    for (const child of children) {
      child.kill('SIGKILL');
    }
    await hub.close();
    folder.remove();
  });

  /** Runs one of the programs until it says `ready`. @returns its process, and all that it said. */
  async function run(
    name: string,
    ready: string,
    env: Record<string, string>
  ): Promise<{ child: ChildProcess; said: () => string }> {
    const child = spawn(process.execPath, [program(name)], {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, ...env },
      stdio: ['pipe', 'pipe', 'inherit']
    });
    children.push(child);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', text => {
        said += String(text);
        if (said.includes(ready)) {
          resolve();
        }
      });
      child.once('exit', () => reject(new Error(`${name} ended: ${said}`)));
    });
    return { child, said: () => said };
  }

  function health(): Promise<IHealth> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: socket, path: '/health' }, response => {
        let text = '';
        response.setEncoding('utf8').on('data', part => (text += String(part)));
        response.on('end', () => resolve(JSON.parse(text)));
      });
      asked.on('error', reject).end();
    });
  }

  /** Waits. @returns how long that took, ms. */
  async function until(holds: (now: IHealth) => boolean, limitMs: number): Promise<number> {
    const startMs = performance.now();
    while (!holds(await health())) {
      expect(performance.now() - startMs).toBeLessThan(limitMs);
      await pause(50);
    }
    return performance.now() - startMs;
  }

  it('takes less than 15 s, a bad edit changes nothing, and without the service the last policy holds', async () => {
    writeFileSync(file, '');
    const port = await freePort();
    const startService = () =>
      run('service', 'Labkeeper listens.', {
        JUPYTERHUB_API_TOKEN: 'service-token',
        JUPYTERHUB_API_URL: hub.apiUrl,
        JUPYTERHUB_SERVICE_PREFIX: PREFIX,
        JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${port}`,
        LABKEEPER_STATE: join(folder.path, 'state'),
        LABKEEPER_POLICY: file
      });
    const service = await startService();
    await run('companion', '"ready":true', {
      JUPYTERHUB_API_TOKEN: hub.serverToken('0123456789abcdef', 'alice', ''),
      LABKEEPER_SERVICE_URL: `http://127.0.0.1:${port}${PREFIX}`,
      LABKEEPER_SOCKET: socket,
      LABKEEPER_DISABLE: 'gpu oom-score',
      JUPYTER_IMAGE_SPEC: 'lab:2026'
    });
    await until(now => now.policy?.connected === true, 10_000);
    expect((await health()).disabled).toEqual(['gpu', 'oom-score']);
    const isOff = ({ disabled }: IHealth): boolean =>
      disabled.includes('meter') && disabled.includes('audit');

    writeFileSync(file, off('meter', 'audit'));
    expect(await until(isOff, 30_000)).toBeLessThan(15_000);
    expect((await health()).disabled).toEqual(['gpu', 'oom-score', 'meter', 'audit']);
    const { policy } = await health();

    writeFileSync(file, `${off('meter')}share = 2\n`);
    while (!service.said().includes('line 6: switch.share')) {
      await pause(100);
    }
    expect((await health()).policy?.policy).toBe(policy?.policy);

    service.child.removeAllListeners('exit').kill('SIGKILL');
    await once(service.child, 'close');
    await until(now => now.policy?.connected === false, 10_000);
    expect(isOff(await health())).toBe(true);

    // It begins with a file that cannot be used: what was in force last is known from the database.
    await startService();
    await until(now => now.policy?.connected === true, 90_000);
    expect(isOff(await health())).toBe(true);
    writeFileSync(file, off('deaths'));
    expect(await until(now => now.disabled.join() === 'gpu,oom-score,deaths', 30_000)).toBeLessThan(15_000);
  });
});
