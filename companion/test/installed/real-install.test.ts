import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { Watched } from './watched.js';

jest.setTimeout(60_000);

describe('a real virtual environment', () => {
  const folder = scratch();
  const venv = join(folder.path, 'work', '.venv');
  const python = join(venv, 'bin/python');
  const kernels = join(folder.path, 'kernels');
  const wheel = (name: string, version: string): string =>
    execFileSync('python3', [join(__dirname, 'make_wheel.py'), folder.path, name, version], {
      encoding: 'utf8'
    }).trim();
  /** pip of the tests' own Python works on the environment, so that none need be installed there. */
  const pip = (...args: string[]): void =>
    void execFileSync('python3', ['-m', 'pip', '--disable-pip-version-check', '--python', python, ...args], {
      stdio: 'pipe',
      env: { PATH: process.env['PATH'], PIP_CONFIG_FILE: '/dev/null', PIP_ROOT_USER_ACTION: 'ignore' }
    });
  const install = (...args: string[]): void =>
    pip('install', '--no-index', '--no-deps', '--find-links', folder.path, ...args);
  const uv = (...args: string[]): void =>
    void execFileSync('uv', ['pip', ...args, '--python', python], {
      stdio: 'pipe',
      env: { PATH: process.env['PATH'], UV_NO_CONFIG: '1', UV_CACHE_DIR: join(folder.path, 'cache') }
    });
  const uvInstall = (...args: string[]): void =>
    uv('install', '--no-index', '--no-deps', '--find-links', folder.path, ...args);
  let watched: Watched;

  beforeAll(async () => {
    execFileSync('python3', ['-m', 'venv', '--without-pip', venv]);
    wheel('earlier', '3');
    install('earlier');
    mkdirSync(join(kernels, 'work'), { recursive: true });
    const argv = [python, '-m', 'ipykernel_launcher', '-f', '{connection_file}'];
    writeFileSync(join(kernels, 'work', 'kernel.json'), JSON.stringify({ argv, language: 'python' }));
    // What is younger than a moment may still be being written: it would be told as an install.
    await pause(1500);
    watched = await new Watched(folder.path, { kernelFolders: [kernels, '/nonexistent'] }).start();
    await until(() => watched.told.length > 0);
  });
  afterAll(() => {
    watched.watch.dispose();
    folder.remove();
  });

  it('is found by its kernelspec, and what lies in it is told once', () => {
    expect(watched.told).toEqual(['found-on-disk earlier 3']);
    const [event] = watched.events;
    expect(event).toMatchObject({
      environment: { kind: 'venv', python: expect.stringMatching(/^3\.\d+$/) },
      package: { ecosystem: 'pypi', installer: 'pip', recordDigest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      personal: { prefix: venv, salt: expect.stringMatching(/^[0-9a-f]{32}$/) },
      evidence: [{ source: 'disk', ref: 'dist-info' }]
    });
    expect(JSON.stringify({ ...event, personal: null })).not.toContain(folder.path);
  });

  it('tells an install, an upgrade, a downgrade, a new install and a removal by pip and uv within seconds', async () => {
    const before = watched.told.length;
    const news = (): string[] => watched.told.slice(before);
    const [one, two, other] = [
      wheel('labkeeper_probe', '1.0'),
      wheel('labkeeper_probe', '2.0'),
      wheel('dep', '1')
    ];
    expect([one, two, other].every(existsSync)).toBe(true);
    const began = Date.now();
    install('labkeeper_probe==1.0');
    await until(() => news().length === 1);
    expect(watched.events.at(-1)).toMatchObject({
      tool: { name: 'pip', version: null },
      package: { requested: true, origin: 'index', files: 7 }
    });
    expect(Math.abs((watched.events.at(-1)?.occurredAtMs ?? 0) - began)).toBeLessThan(15_000);
    install('--upgrade', 'labkeeper_probe');
    await until(() => news().length === 2);
    uvInstall('labkeeper_probe==1.0');
    await until(() => news().length === 3);
    expect(watched.events.at(-1)).toMatchObject({ tool: { name: 'uv' }, package: { requested: null } });
    uvInstall(other);
    await until(() => news().length === 4);
    expect(watched.events.at(-1)).toMatchObject({
      package: { origin: 'direct' },
      personal: { directUrl: `file://${other}` }
    });
    pip('uninstall', '--yes', 'labkeeper_probe');
    await until(() => news().length === 5);
    expect(news()).toEqual([
      'install labkeeper-probe 1.0',
      'upgrade labkeeper-probe 2.0',
      'upgrade labkeeper-probe 1.0',
      'install dep 1',
      'remove labkeeper-probe 1.0'
    ]);
  });

  it('is not told again after a restart, but what happened meanwhile is', async () => {
    watched.watch.dispose();
    uv('uninstall', 'dep');
    uvInstall('labkeeper_probe==2.0');
    const next = await new Watched(folder.path, { kernelFolders: [kernels] }).start();
    await until(() => next.told.length === 2);
    expect([...next.told].sort()).toEqual(['install labkeeper-probe 2.0', 'remove dep 1']);
    expect(next.events.map(({ environment }) => environment?.id)).toEqual(
      new Array(2).fill(watched.events[0]?.environment?.id)
    );
    next.watch.dispose();
    rmSync(venv, { recursive: true });
    expect(readdirSync(kernels)).toHaveLength(1);
    const last = await new Watched(folder.path, { kernelFolders: [kernels] }).start();
    await until(() => last.told.length > 1);
    expect(last.events.every(({ action }) => action === 'remove')).toBe(true);
    last.watch.dispose();
  });
});
