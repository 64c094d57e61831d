import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../machine/inside/eventually.mjs';
import { python, repository } from './engine.mjs';

const MIB = 2 ** 20;

/** `npm start -- --docker`: log in, start a server, see its limits and its companion, press Ctrl-C, find nothing left. */
export async function demoHubWithContainers(engine) {
  const state = join(engine.about.state, 'hub');
  const port = firstPort();
  const startedAtMs = Date.now();
  const demo = spawn(
    python,
    [
      '-m',
      'dev.start',
      '--docker',
      '--port',
      String(port),
      '--memory',
      '600M',
      '--cpu',
      '1',
      '--state',
      state
    ],
    {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DOCKER_HOST: engine.about.host, LABKEEPER_PASSWORD: 'docker-test' }
    }
  );
  let said = '';
  demo.stdout.on('data', chunk => (said += String(chunk)));
  demo.stderr.on('data', chunk => (said += String(chunk)));
  const ended = new Promise(resolve => demo.once('exit', resolve));
  const end = async () => {
    demo.kill('SIGINT');
    return await ended;
  };
  engine.enders.add(end);
  const containers = async () =>
    (await engine.docker('ps', '--all', '--quiet', '--filter', 'name=labkeeper-researcher'))
      .split('\n')
      .filter(Boolean);
  try {
    await eventually(
      () => said.includes('Labkeeper is at') || demo.exitCode !== null,
      60_000,
      () => `the hub: ${said}`
    );
    const base = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
    assert.ok(base !== undefined, said);
    const hubMs = Date.now() - startedAtMs;
    const visitor = new Visitor(base);
    await visitor.logIn('researcher', 'docker-test');
    await visitor.get('/hub/spawn');
    await visitor.untilReady('/user/researcher/api', 'the server in its container');
    const spawnMs = Date.now() - startedAtMs - hubMs;
    const [id] = await containers();
    const { HostConfig } = JSON.parse(await engine.docker('inspect', id))[0];
    assert.equal(HostConfig.Memory, 600 * MIB);
    assert.equal(HostConfig.MemorySwap, 600 * MIB);
    assert.equal(HostConfig.CpuQuota / HostConfig.CpuPeriod, 1);
    await visitor.untilReady('/user/researcher/labkeeper/health', 'the companion in the container');
    assert.match(await engine.docker('exec', id, 'ls', engine.about.home), /labkeeper-tour\.ipynb/);
    // An admin who runs it in a user's container reads that all is well.
    assert.match(
      await engine.docker('exec', id, join(engine.about.prefix, 'bin/labkeeper'), 'doctor'),
      /Everything that Labkeeper needs is here/
    );
    assert.equal(await end(), 0);
    assert.deepEqual(await containers(), []);
    return { hubMs, spawnMs };
  } catch (error) {
    const log = await readFile(join(state, 'hub.log'), 'utf8').catch(() => 'no log');
    throw new Error(`${error.stack}\nthe hub said:\n${said}\n${log.slice(-2000)}`, { cause: error });
  } finally {
    await end();
    engine.enders.delete(end);
    for (const id of await containers()) {
      await engine.docker('rm', '--force', id);
    }
    await engine.docker('volume', 'rm', '--force', 'labkeeper-home-researcher');
  }
}

/** Somebody with a browser's cookies who follows redirects. Not by `fetch`: the hub gives a page's script no cookie. */
class Visitor {
  constructor(base) {
    this.base = base;
    this.cookies = new Map();
  }

  async logIn(username, password) {
    const page = await this.get('/hub/login');
    const token = /name="_xsrf" value="([^"]*)"/.exec(page.body)?.[1];
    assert.ok(token !== undefined, `no form at /hub/login: ${page.body.slice(0, 300)}`);
    const form = new URLSearchParams({ username, password, _xsrf: token });
    const answer = await this.request('POST', '/hub/login', String(form));
    assert.equal(answer.status, 302, `the login was refused: ${answer.status}`);
  }

  /** The page at `path` once it is answered with 200 there, and not at the hub's waiting page. */
  async untilReady(path, what) {
    let last = null;
    await eventually(
      async () => {
        last = await this.get(path);
        const ready = last.status === 200 && last.path === path;
        await delay(ready ? 0 : 200);
        return ready;
      },
      90_000,
      () => `${what} (${last?.status} at ${last?.path})`
    );
  }

  /** What a GET ends with: `{status, path, body}`. */
  async get(path) {
    let at = path;
    for (let hop = 0; hop < 10; hop += 1) {
      const { status, location, body } = await this.request('GET', at);
      if (location === undefined) {
        return { status, path: at, body };
      }
      const { pathname, search } = new URL(location, this.base + at);
      at = pathname + search;
    }
    throw new Error(`${path} is redirected for ever, last to ${at}`);
  }

  async request(method, path, form = '') {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = {
      ...(cookie === '' ? {} : { Cookie: cookie }),
      ...(form === '' ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' })
    };
    const answer = await new Promise((resolve, reject) => {
      request(this.base + path, { method, headers, timeout: 20_000 }, resolve)
        .once('error', reject)
        .end(form);
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    return { status: answer.statusCode, location: answer.headers.location, body: await text(answer) };
  }
}

/**
 * Where the demo begins to look for five free ports in a row. Below those that the system gives to connections: a scenario
 * beside this one could be given one of the five between the look and their use.
 */
function firstPort() {
  return 20_000 + 5 * Math.floor(Math.random() * 1000);
}
