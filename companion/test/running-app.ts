import { join } from 'node:path';
import type { Machine, Part } from '@labkeeper/protocol';
import { createApp, type IApp } from '../src/app.js';
import type { IAuditEnvironment } from '../src/audit/audit-environment.js';
import { listenOnSocket } from '../src/link/listen.js';
import { FakeClock } from './fake-clock.js';
import { ScriptedObserver } from './scripted-observer.js';
import { Client, PAGE_HELLO, scratch, SERVER_HELLO } from './wire.js';

export interface IRunningAppOptions {
  readonly home?: string | null;
  readonly boot?: string;
  readonly disabled?: readonly Part[];
  readonly clock?: FakeClock;
  readonly observer?: ScriptedObserver;
  readonly serverPid?: number;
  readonly throttleMs?: number;
  readonly warnings?: readonly string[];
  readonly audit?: IAuditEnvironment;
  readonly readMachine?: (known: Machine) => Promise<Machine>;
  /** Whether the start takes until past deaths are known; default true. */
  readonly awaitPast?: boolean;
}

/** What is known at once about the scripted machine. */
export const MACHINE: Machine = {
  hostname: 'lab',
  platform: 'linux',
  cpuModel: null,
  cpuCores: 8,
  memoryBytes: 32e9
};

/** A companion on a real socket, in a scripted container. */
export class RunningApp {
  static async start(options: IRunningAppOptions = {}): Promise<RunningApp> {
    const running = new RunningApp(options);
    await listenOnSocket(running.app.server, running.socketPath);
    const known = running.app.start();
    if (options.awaitPast ?? true) {
      await known;
    }
    return running;
  }

  private constructor(options: IRunningAppOptions) {
    this.clock = options.clock ?? new FakeClock();
    this.observer = options.observer ?? new ScriptedObserver();
    this.socketPath = join(this.folder.path, 'companion.sock');
    this.app = createApp({
      clock: this.clock,
      observer: this.observer,
      log: line => this.logged.push(line),
      boot: options.boot ?? 'boot-1',
      reclaim: null,
      audit: options.audit ?? null,
      recoveryProgram: null,
      machine: MACHINE,
      readMachine: options.readMachine ?? (() => Promise.reject(new Error('not asked'))),
      environment: {
        socketPath: this.socketPath,
        homePath: options.home ?? null,
        recorderPath: options.home ?? null,
        serverPid: options.serverPid ?? process.pid,
        serverName: '',
        disabled: new Set(options.disabled ?? []),
        warnings: options.warnings ?? [],
        runbookUrl: 'https://example.org/why',
        throttleMs: options.throttleMs ?? 300_000,
        build: 'test'
      }
    });
  }

  readonly clock: FakeClock;
  readonly observer: ScriptedObserver;
  readonly app: IApp;
  readonly socketPath: string;
  readonly logged: string[] = [];

  /** A page that has said hello and knows everything; history is for those that are seen. */
  async page(hello: typeof PAGE_HELLO = PAGE_HELLO): Promise<Client> {
    const page = await new Client(this.socketPath, '/lab').opened();
    this.clients.push(page);
    page.send('hello', hello);
    await page.next(hello.visible ? 'usage/history' : 'notices');
    return page;
  }

  /** The server extension, after its hello. */
  async server(): Promise<Client> {
    const server = await new Client(this.socketPath, '/server').opened();
    this.clients.push(server);
    server.send('hello', SERVER_HELLO);
    return server;
  }

  /** Moves the clock in small steps, with room for what comes over sockets. */
  async pass(ms: number, stepMs = 100): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(stepMs);
      await new Promise(setImmediate);
    }
  }

  /** Ends as a killed process does: nothing more is written, nobody is told. */
  abandon(): void {
    this.clients.forEach(client => client.socket.terminate());
    this.app.server.close();
    this.folder.remove();
  }

  /** Ends in order. */
  async stop(how: 'server-gone' | 'asked' = 'server-gone'): Promise<void> {
    this.clients.forEach(client => client.socket.terminate());
    const closed = this.app.close(how);
    // Pages get a moment for their last words, by the clock of the test.
    this.clock.advance(1000);
    await closed;
    this.folder.remove();
  }

  private readonly folder = scratch();
  private readonly clients: Client[] = [];
}
