import { pino } from 'pino';
import { createApp, type IApp } from './app.js';
import { backupCommand } from './backup/cli.js';
import { resumeErasures } from './backup/listed-erasures.js';
import { exportCommand } from './export/cli.js';
import { reasonOf } from './failure.js';
import { createAccessApi } from './hub-api/access-api.js';
import { createHubApi } from './hub-api/hub-api.js';
import { createRunningServersApi } from './hub-api/running-servers-api.js';
import { createServerRunsApi } from './hub-api/server-runs-api.js';
import { keepHeapSmall } from './heap-growth.js';
import { checkHubsCommand } from './hubs/check-hubs.js';
import { keepFirstHub } from './hubs/first-hub.js';
import { readFirstHub } from './hubs/read-first-hub.js';
import { openFurtherHubs } from './hubs/open-further-hubs.js';
import { registerSigningKey } from './keys/keys.js';
import { rotateCommand } from './keys/rotate-command.js';
import { rotateMasterCommand } from './keys/rotate-master-command.js';
import { keyAdvice, openServiceKeys } from './keys/service-keys.js';
import { openKeyPlaces } from './keys/unlock-database.js';
import { BACKLOG } from './machine-listener.js';
import { pagesPlugins } from './pages-plugins.js';
import { type IPeopleSettings, PeopleSettingsError, readPeopleSettings } from './people/people-settings.js';
import { checkPolicyCommand } from './policy/check-policy.js';
import { testPolicyCommand } from './policy/cases/test-policy.js';
import { readSettings, SettingsError, type IListen } from './settings.js';
import { openDatabase, type IDatabase } from './store/database.js';

/** Longest an orderly end may take, in ms: JupyterHub kills a service of its own after 5 s. */
const STOP_MS = 4000;
/** Longest wait for JupyterHub, in ms. */
const HUB_MS = 5000;
/** The same where it stops a server, in ms: it answers when that has stopped, or after 10 s. */
const STOPPING_MS = 15_000;
/** Exit codes: settings do not get better by trying again. */
const EXIT = { failed: 1, settings: 2 } as const;

const log = pino({ base: { name: 'labkeeper' } });

// The database holds persons' keys: whatever is made is for this user alone.
process.umask(0o077);
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

if (process.argv[2] === 'check-policy') {
  process.exitCode = await checkPolicyCommand(process.argv[3] ?? 'labkeeper.toml', line =>
    process.stdout.write(`${line}\n`)
  );
} else if (process.argv[2] === 'policy') {
  process.exitCode = await testPolicyCommand({
    words: process.argv.slice(3),
    say: line => process.stdout.write(`${line}\n`),
    complain: line => process.stderr.write(`${line}\n`)
  });
} else if (process.argv[2] === 'check-hubs') {
  process.exitCode = await checkHubsCommand({
    words: process.argv.slice(3),
    variables: process.env,
    print: line => process.stdout.write(`${line}\n`)
  });
} else if (process.argv[2] === 'backup' || process.argv[2] === 'restore') {
  process.exitCode = await backupCommand({
    name: process.argv[2],
    words: process.argv.slice(3),
    variables: process.env,
    say: line => process.stdout.write(`${line}\n`),
    complain: line => process.stderr.write(`${line}\n`)
  });
} else if (process.argv[2] === 'rotate-key' || process.argv[2] === 'rotate-master-key') {
  process.exitCode = await (process.argv[2] === 'rotate-key' ? rotateCommand : rotateMasterCommand)({
    words: process.argv.slice(3),
    variables: process.env,
    nowMs: () => Date.now(),
    say: line => process.stdout.write(`${line}\n`),
    complain: line => process.stderr.write(`${line}\n`)
  });
} else if (process.argv[2] === 'export') {
  process.exitCode = await exportCommand({
    words: process.argv.slice(3),
    variables: process.env,
    nowMs: () => Date.now(),
    say: line => process.stdout.write(`${line}\n`),
    complain: line => process.stderr.write(`${line}\n`)
  });
} else {
  keepHeapSmall();
  await run();
}

async function run(): Promise<void> {
  try {
    const people = readPeople();
    const told = readSettings(process.env);
    const settings = people ? told : { ...told, pages: null };
    // Before the database: they tell a folder that cannot be used by a sentence of ours.
    const places = await openKeyPlaces(settings);
    const database = await openDatabase(settings.database, error =>
      log.warn({ reason: reasonOf(error) }, 'A connection to the database broke.')
    );
    await keepFirstHub(database, settings.hubId, Date.now());
    const keys = await openServiceKeys(database, places, Date.now(), sentence => log.warn(sentence));
    await registerSigningKey(database, keys, Date.now());
    const finishErasures = await resumeErasures(database, settings.stateFolder, error =>
      log.error(
        { reason: reasonOf(error) },
        'The list of erasures in the state folder cannot be written: a restore of an older backup would bring erased people back.'
      )
    );
    const further = await openFurtherHubs({
      file: settings.hubsFile ?? null,
      first: readFirstHub(process.env),
      ...{ database, keys, log, timeoutMs: HUB_MS, stoppingMs: STOPPING_MS, nowMs: Date.now() }
    });
    const app = createApp({
      ...{ settings, keys, database, log },
      hubApi: createHubApi({ url: settings.hubApiUrl, timeoutMs: HUB_MS }),
      runningServers: createRunningServersApi({
        ...{ url: settings.hubApiUrl, token: settings.hubToken },
        timeoutMs: HUB_MS
      }),
      serverRuns: createServerRunsApi({
        ...{ url: settings.hubApiUrl, token: settings.hubToken },
        timeoutMs: HUB_MS
      }),
      accessApi: createAccessApi({
        ...{ url: settings.hubApiUrl, token: settings.hubToken },
        timeoutMs: STOPPING_MS
      }),
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      ...(further && { further }),
      pages: people ? pagesPlugins(people, () => keyAdvice(database, places)) : [],
      processMetrics: true
    });
    stopInOrder(app, database);
    // Before anybody is listened to: nobody is told that all is on, only because the file is not read yet.
    await app.policy.start();
    await app.machine.listen({ ...settings.machine, backlog: BACKLOG });
    if (app.pages && settings.pages) {
      await app.pages.listen(settings.pages.listen);
    }
    app.start();
    void finishErasures().catch((error: unknown) =>
      log.warn(
        { reason: reasonOf(error) },
        'Parts of erased persons are still there: the next start goes on.'
      )
    );
    log.info(
      {
        machine: place(settings.machine),
        pages: settings.pages && settings.pages.origin,
        database: settings.database.kind,
        hub: settings.hubId,
        key: keys.signingKeyId,
        build: settings.build
      },
      'Labkeeper listens.'
    );
  } catch (error) {
    const sentences = error instanceof SettingsError ? error.mistakes : [reasonOf(error)];
    for (const sentence of sentences) {
      log.fatal(sentence);
    }
    process.exit(error instanceof SettingsError ? EXIT.settings : EXIT.failed);
  }
}

/** null = there are no pages. What is wrong with them alone does not keep records from being taken. */
function readPeople(): IPeopleSettings | null {
  try {
    return readPeopleSettings(process.env);
  } catch (error) {
    if (error instanceof PeopleSettingsError) {
      log.error(`There are no pages: ${error.message}`);
      return null;
    }
    throw error;
  }
}

function stopInOrder(app: IApp, database: IDatabase): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (isStopping) {
        return;
      }
      isStopping = true;
      log.info({ signal }, 'Labkeeper stops.');
      setTimeout(() => process.exit(0), STOP_MS).unref();
      app
        .close()
        .then(() => database.close())
        .then(() => process.exit(0), fail);
    });
  }
}

function fail(error: unknown): void {
  log.fatal(
    { reason: reasonOf(error), stack: error instanceof Error ? error.stack : undefined },
    'Labkeeper failed.'
  );
  process.exit(EXIT.failed);
}

function place({ host, port }: IListen): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
