import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/clock.js';
import { Executions } from '../../src/iopub/executions.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { collectedOf } from './collected.js';
import { kernelsMissing } from './real-kernel.js';

interface IKernelModel {
  readonly id: string;
  readonly connections: number;
  readonly last_activity: string;
  readonly execution_state: string;
}

/** A real Jupyter server with one kernel. */
class JupyterServer {
  static async start(): Promise<JupyterServer> {
    const server = new JupyterServer(await freePort());
    await eventually(async () => (await server.ask('GET', 'api/kernels')) !== null);
    server.kernelId = (await server.ask<IKernelModel>('POST', 'api/kernels'))?.id ?? '';
    return server;
  }

  private constructor(private readonly port: number) {
    this.child = spawn(
      'python3',
      [
        '-m',
        'jupyter_server',
        '--no-browser',
        `--port=${port}`,
        '--ServerApp.token=t',
        `--ServerApp.root_dir=.`,
        '--allow-root'
      ],
      {
        cwd: this.folder.path,
        stdio: 'ignore',
        env: {
          ...process.env,
          JUPYTER_RUNTIME_DIR: this.folder.path,
          JUPYTER_CONFIG_DIR: this.folder.path,
          IPYTHONDIR: this.folder.path
        }
      }
    );
  }

  kernelId = '';

  get connectionFile(): string {
    return join(this.folder.path, `kernel-${this.kernelId}.json`);
  }

  /** What the server says of the kernel. */
  async kernel(): Promise<IKernelModel | null> {
    return this.ask<IKernelModel>('GET', `api/kernels/${this.kernelId}`);
  }

  /** A page's connection to the kernel. */
  async page(session: string): Promise<Page> {
    const url = `ws://127.0.0.1:${this.port}/api/kernels/${this.kernelId}/channels?session_id=${session}&token=t`;
    const page = new Page(new WebSocket(url), session);
    await once(page.socket, 'open');
    return page;
  }

  async ask<T>(method: string, path: string): Promise<T | null> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.port}/${path}?token=t`, { method });
      return answer.ok ? ((await answer.json()) as T) : null;
    } catch {
      // It does not listen yet.
      return null;
    }
  }

  async stop(): Promise<void> {
    await fetch(`http://127.0.0.1:${this.port}/api/shutdown?token=t`, { method: 'POST' });
    await once(this.child, 'exit');
    this.folder.remove();
  }

  private readonly folder = scratch();
  private readonly child: ChildProcess;
}

/** What a page does with a kernel: asks and listens. */
class Page {
  constructor(
    readonly socket: WebSocket,
    private readonly session: string
  ) {
    socket.on('message', data => {
      const { header, parent_header, content } = JSON.parse(String(data));
      this.heard.push({
        type: header.msg_type,
        parentId: parent_header.msg_id,
        text: content.text ?? '',
        state: content.execution_state ?? ''
      });
    });
  }

  readonly heard: { type: string; parentId: string; text: string; state: string }[] = [];

  /** What it saw printed. */
  get printed(): string {
    return this.heard.map(({ text }) => text).join('');
  }

  execute(msgId: string, code: string): void {
    const header = {
      msg_id: msgId,
      msg_type: 'execute_request',
      session: this.session,
      username: '',
      version: '5.3',
      date: ''
    };
    const content = { code, silent: false, store_history: true, allow_stdin: false, stop_on_error: true };
    this.socket.send(
      JSON.stringify({ header, parent_header: {}, metadata: {}, content, channel: 'shell', buffers: [] })
    );
  }

  isDone(msgId: string): boolean {
    return this.heard.some(({ parentId, state }) => parentId === msgId && state === 'idle');
  }
}

/** Waits until the server says so. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > endMs) {
      throw new Error(`This did not come true: ${holds.toString()}`);
    }
    await pause(50);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const COUNT = 'import time\nfor i in range(12):\n    print(i, flush=True)\n    time.sleep(0.25)';
const COUNTED = Array.from({ length: 12 }, (_, i) => `${i}\n`).join('');

(kernelsMissing() ? describe.skip : describe)('beside a Jupyter server', () => {
  let server: JupyterServer;
  let executions: Executions;
  let subscribed: boolean;

  beforeEach(async () => {
    subscribed = false;
    server = await JupyterServer.start();
    executions = new Executions({
      clock: systemClock,
      connectionFile: () => server.connectionFile,
      record: () => true,
      connectionChanged: (_, { is }) => (subscribed ||= is === 'subscribed')
    });
  }, 60_000);

  afterEach(async () => {
    executions.dispose();
    await server.stop();
  });

  it('nobody notices that the kernel is listened to', async () => {
    const page = await server.page('page');
    page.execute('first', '1');
    await until(() => page.isDone('first'));
    page.socket.close();
    await eventually(async () => (await server.kernel())?.connections === 0);
    const before = await server.kernel();
    executions.watch('run', server.kernelId);
    await until(() => subscribed);
    await pause(1500);
    expect(await server.kernel()).toEqual(before);
    expect(executions.counts.connections).toBe(1);
  }, 60_000);

  it('a page that was away gets everything from its server as without us, and the same from us', async () => {
    executions.watch('run', server.kernelId);
    await until(() => subscribed);
    const page = await server.page('page');
    page.execute('warm', '0');
    await until(() => page.isDone('warm'));
    page.execute('count', COUNT);
    executions.executing({ run: 'run', kernelId: server.kernelId, msgId: 'count', c: 0 });
    await until(() => page.printed.includes('2'));
    page.socket.terminate();
    executions.pageGone('run');
    await pause(1000);
    const again = await server.page('page');
    await until(() => again.isDone('count'));
    expect(page.printed + again.printed).toBe(COUNTED);
    expect(again.printed.length).toBeGreaterThan(5);
    expect(collectedOf(executions, 'run')).toEqual([
      {
        c: 0,
        outputs: [{ output_type: 'stream', name: 'stdout', text: COUNTED }],
        executionCount: expect.any(Number),
        finished: true
      }
    ]);
  }, 60_000);

  it('cells that finish while no page is there are kept, those that waited too', async () => {
    executions.watch('run', server.kernelId);
    await until(() => subscribed);
    const page = await server.page('page');
    page.execute('count', COUNT);
    page.execute('next', 'print("next")');
    executions.executing({ run: 'run', kernelId: server.kernelId, msgId: 'count', c: 0 });
    executions.executing({ run: 'run', kernelId: server.kernelId, msgId: 'next', c: 1 });
    await until(() => page.printed.includes('2'));
    page.socket.terminate();
    executions.pageGone('run');
    await pause(5000);
    const collected = collectedOf(executions, 'run');
    expect(collected.map(({ c, outputs, finished }) => [c, outputs[0]?.['text'], finished])).toEqual([
      [0, COUNTED, true],
      [1, 'next\n', true]
    ]);
  }, 60_000);
});
