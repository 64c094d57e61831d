import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createApp, type EndReason } from './app.js';
import { readAuditEnvironment } from './audit/audit-environment.js';
import { systemClock } from './clock.js';
import { EnvironmentError, readEnvironment } from './environment.js';
import { reasonOf } from './failure.js';
import { listenOnSocket, SocketTakenError } from './link/listen.js';
import { lineLog } from './log.js';
import { readReclaimEnvironment } from './reclaim/reclaim-environment.js';
import { createObserver } from './sampling/create-observer.js';
import { plainMachine, readMachine } from './sampling/read-machine.js';

/** Longest an orderly end may take: a container that stops leaves about 1.5 s in all. */
const STOP_MS = 1000;

/** The server stops on purpose. */
const FAREWELL = 'stopping';

/** Exit codes: the server extension tells them apart. */
const EXIT = { failed: 1, environment: 2, taken: 3 } as const;

const log = lineLog(text => process.stderr.write(text));

// The server may be gone before us; the end of our standard input tells, a lost log line does not matter then.
process.stderr.on('error', () => undefined);
process.stdout.on('error', () => undefined);
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

await run();

async function run(): Promise<void> {
  try {
    const environment = readEnvironment(process.env);
    if (environment.disabled.has('companion')) {
      log('The companion is switched off by LABKEEPER_DISABLE.');
      process.exit(0);
    }
    const audit = readAuditEnvironment(process.env);
    // No program that is started from here needs it.
    delete process.env['JUPYTERHUB_API_TOKEN'];
    const app = createApp({
      environment,
      clock: systemClock,
      log,
      boot: randomUUID(),
      machine: plainMachine(),
      readMachine,
      recoveryProgram: fileURLToPath(new URL('recovery-process.mjs', import.meta.url)),
      reclaim: readReclaimEnvironment(process.env, environment.socketPath),
      audit,
      observer: createObserver({
        homePath: environment.homePath,
        environment: process.env,
        serverPid: environment.serverPid,
        gpu: !environment.disabled.has('gpu'),
        log
      })
    });

    let stopping = false;
    const stop = (reason: EndReason): void => {
      if (stopping) {
        return;
      }
      stopping = true;
      setTimeout(() => leave(0), STOP_MS).unref();
      app.close(reason).then(leaveWithFiles, fail);
    };
    // Before anything else: whatever hangs later, the end of the server must be heard.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        app.signal(signal);
        stop('asked');
      });
    }
    process.on('SIGHUP', () => stop('asked'));
    // The one line that the server extension says before an orderly end; without it the end of the input means that
    // the server is gone, and why is for the next start to explain.
    createInterface({ input: process.stdin }).on('line', line => {
      if (line === FAREWELL) {
        stop('asked');
      }
    });
    process.stdin.on('end', () => stop('server-gone'));
    process.stdin.on('close', () => stop('server-gone'));
    process.stdin.on('error', () => stop('server-gone'));

    await listenOnSocket(app.server, environment.socketPath);
    // Not awaited: what happened in the past lies in the home, and a home on a network can hang for ever.
    app.start().catch(fail);
    process.stdout.write(`${JSON.stringify({ ready: true, build: environment.build })}\n`);
  } catch (error) {
    log(reasonOf(error));
    leave(
      error instanceof SocketTakenError
        ? EXIT.taken
        : error instanceof EnvironmentError
          ? EXIT.environment
          : EXIT.failed
    );
  }
}

function fail(error: unknown): void {
  log(`The companion failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  leave(EXIT.failed);
}

/**
 * Ends at once. process.exit() waits for every file operation under way (libuv joins its threads), so in a home that
 * hangs it would never return; a signal that nobody can catch does not wait.
 */
function leave(status: number): never {
  if (readsFiles()) {
    process.kill(process.pid, 'SIGKILL');
  }
  process.exit(status);
}

/** Ends when no file operation is under way: a look at the home may be, and takes milliseconds where it does not hang. */
function leaveWithFiles(): void {
  if (readsFiles()) {
    setTimeout(leaveWithFiles, 10);
  } else {
    process.exit(0);
  }
}

function readsFiles(): boolean {
  return process.getActiveResourcesInfo().some(name => name.startsWith('FSReq'));
}
