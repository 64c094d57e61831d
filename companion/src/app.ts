import type { Server } from 'node:http';
import type { Machine } from '@labkeeper/protocol';
import { health } from './app/health.js';
import { Parts } from './app/parts.js';
import type { IAuditEnvironment } from './audit/audit-environment.js';
import type { IClock } from './clock.js';
import type { IEnvironment } from './environment.js';
import { createFrontDoor } from './link/front-door.js';
import type { Log } from './log.js';
import type { IObserver } from './observer.js';
import type { IReclaimEnvironment } from './reclaim/reclaim-environment.js';

export interface IAppOptions {
  readonly environment: IEnvironment;
  readonly clock: IClock;
  readonly log: Log;
  /** One id per companion process. */
  readonly boot: string;
  readonly observer: IObserver;
  /** What is known at once about the machine. */
  readonly machine: Machine;
  /** Asks for the rest; slow, so it comes after the start. */
  readonly readMachine: (known: Machine) => Promise<Machine>;
  /** How notices of a reclaim come; null = none do. */
  readonly reclaim: IReclaimEnvironment | null;
  /** Where installs are recorded; null = nowhere. */
  readonly audit: IAuditEnvironment | null;
  /** The program that recovers one run of the journal; null = nothing is recovered. */
  readonly recoveryProgram: string | null;
  /** Default `/proc`. */
  readonly procRoot?: string;
}

/** How long pages have to send their last changes at an orderly end. */
const LAST_WORDS_MS = 300;

/** Why a companion ends: its server is gone (standard input closed), or a signal asked for it. */
export type EndReason = 'server-gone' | 'asked';

export interface IApp {
  /** HTTP and WebSocket; whoever made the app lets it listen. */
  readonly server: Server;
  /** Begins to look, at once. Resolves when past deaths are known: never, where the home hangs. */
  start(): Promise<void>;
  /** The process got a signal to end; pages are told before `close`. */
  signal(name: string): void;
  /** Ends in order: pages are told, the last records are on the disk. */
  close(reason: EndReason): Promise<void>;
}

/** Connects all parts of the companion. Nothing here reads the process's own environment, clock or arguments. */
export function createApp(options: IAppOptions): IApp {
  const startedMs = options.clock.monotonicMs();
  const parts = new Parts(options);
  const { pages, link, reclaim } = parts;
  const notices = reclaim.watch;
  const server = createFrontDoor({
    reclaim: notices && ((request, response) => notices.handleRequest(request, response)),
    acceptPage: socket => pages.accept(socket),
    acceptServer: socket => link.accept(socket),
    health: () => health(parts, options.clock.monotonicMs() - startedMs)
  });
  return {
    server,
    start: () => start(parts),
    signal: name => notices?.signal(name),
    close: reason => close(parts, server, reason)
  };
}

async function start({
  options,
  switches,
  machine,
  kernels,
  guard,
  reclaim,
  hub,
  pages
}: Parts): Promise<void> {
  options.environment.warnings.forEach(options.log);
  options.observer.protectServer(!switches.has('oom-score'));
  kernels.start();
  guard.start();
  reclaim.desk?.start();
  hub.start();
  reclaim.watch?.start();
  machine.learn(options.readMachine, () => pages.hello());
  await kernels.recording?.restored();
}

async function close(parts: Parts, server: Server, reason: EndReason): Promise<void> {
  const { options, kernels, guard, reclaim, hub, pages, link } = parts;
  const orderly = kernels.end(reason === 'asked');
  guard.hurry(true);
  if (reason === 'asked') {
    reclaim.watch?.serverStops();
    if (pages.count > 0) {
      // A page that hears of the end sends what it has not sent yet.
      await new Promise<void>(resolve => void options.clock.after(LAST_WORDS_MS, resolve));
    }
  }
  reclaim.watch?.dispose();
  const told = hub.close(orderly);
  const receipt = reclaim.desk?.close();
  const journalled = guard.close(orderly);
  pages.close();
  link.close();
  server.close();
  server.closeIdleConnections();
  const written = kernels.recording?.close();
  // Not after the disk: one that hangs must not keep what we changed from being put back.
  options.observer.close();
  await Promise.all([written, journalled, receipt, told]);
}
