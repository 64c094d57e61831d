// death.group.unexplained: the memory runs out and the whole container dies at once, the companion with it. Does the
// next start say that, when it was, and which kernel held the memory? In the virtual machine the kernel's own
// memory.oom.group kills (cgroup v2, the companion alone); here a real server in a cgroup and a process namespace of its
// own, whose PID 1 is killed at the moment the memory is full.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKernel } from './lib/kernels.mts';
import { type IPage, openPage } from './lib/page.mts';
import { record } from './lib/result.mts';
import { type IServer, childrenOf, startServer } from './lib/server.mts';
import { times } from './lib/trial.mts';

const KILLS = times(100, 6);
/** Emulation is slow, so there are fewer kills in the machine. */
const IN_MACHINE = Math.round(0.2 * KILLS);
/** `machine` or `host`: that part alone, for trials; nothing is recorded then. */
const only = process.env['LABKEEPER_ONLY'];
const TIME_MS = 2000;
const MEMORY = '1G';

/** How memory runs out: over some seconds, as fast as Python can, and by one big object. */
const GROWTH = [
  "import time\nrows = []\nwhile True:\n    rows.append(b'x' * 8_000_000)\n    time.sleep(0.02)",
  "rows = []\nwhile True: rows.append(b'x' * 4_000_000)",
  "held = b'x' * 4_000_000_000"
];

interface IRow {
  readonly where: 'machine' | 'host';
  readonly round: number;
  /** null = cause, time and holder are right. */
  readonly wrong: string | null;
  readonly timeWrongByMs: number | null;
}

/** One boot, many kills. @throws where the virtual machine cannot be had: half of a figure is none. */
function killInMachine(kills: number): IRow[] {
  const folder = mkdtempSync(join(tmpdir(), 'labkeeper-group-'));
  const json = join(folder, 'machine.json');
  const { status } = spawnSync(
    process.execPath,
    [
      ...['tests/machine/run.mjs', '--kills', String(kills), '--json', json],
      ...['--only', 'whole-container-killed-by-memory']
    ],
    { stdio: 'inherit' }
  );
  const written = existsSync(json) ? readFileSync(json, 'utf8') : null;
  rmSync(folder, { recursive: true });
  if (written === null) throw new Error(`the virtual machine did not report (exit status ${status})`);
  const reports: { kind: string; round: number; timeWrongByMs?: number; why?: string }[] =
    JSON.parse(written);
  return Array.from({ length: kills }, (_, i) => {
    const report = reports.find(({ round }) => round === i + 1);
    const timeWrongByMs = report?.timeWrongByMs ?? null;
    const wrong =
      report?.kind === 'passed' ? wrongTime(timeWrongByMs) : (report?.why ?? 'the machine ended before');
    return { where: 'machine', round: i + 1, wrong, timeWrongByMs };
  });
}

function wrongTime(byMs: number | null): string | null {
  return byMs === null || Math.abs(byMs) > TIME_MS ? `the time is wrong by ${byMs} ms` : null;
}

/** A server that is PID 1 of its own process namespace. The home outlives it. */
async function startContainer(home: string): Promise<IServer> {
  const server = await startServer({
    memory: MEMORY,
    home,
    inside: ['exec unshare --pid --fork --kill-child --mount-proc "$@"']
  });
  const group = join('/sys/fs/cgroup', server.group);
  if (existsSync(group)) writeFileSync(join(group, 'memory.oom.group'), '1');
  // v1 kills no groups: who wants more memory waits, until the kill below takes all, as with memory.oom.group.
  else writeFileSync(join('/sys/fs/cgroup/memory', server.group, 'memory.oom_control'), '1');
  return server;
}

/** Waits until the memory is full and kills PID 1, and thereby all at once. @returns when that was. */
async function killWhenFull(server: IServer): Promise<number> {
  const [first] = childrenOf(server.pid);
  const control = join('/sys/fs/cgroup/memory', server.group, 'memory.oom_control');
  const deadline = Date.now() + 60_000;
  while (first !== undefined && Date.now() < deadline) {
    if (!existsSync(`/proc/${first}`)) return Date.now();
    if (existsSync(control) && readFileSync(control, 'latin1').includes('under_oom 1')) {
      process.kill(first, 'SIGKILL');
      return Date.now();
    }
    await sleep(2);
  }
  throw new Error('the memory did not run out within 60 s');
}

/** Two kernels, one of which takes all memory; some rounds the other one runs too. */
async function killOne(
  server: IServer,
  page: IPage,
  round: number
): Promise<{ killedAtMs: number; holderId: string; path: string }> {
  const other = await startKernel(server, `other-${round}.ipynb`);
  await other.run("held = b'x' * 100_000_000");
  if (round % 2 === 0) other.send('import time; time.sleep(600)');
  const path = `holder-${round}.ipynb`;
  const holder = await startKernel(server, path);
  const deadline = Date.now() + 10_000;
  while (!page.samples.at(-1)?.kernels.some(({ kernelId }) => kernelId === holder.id)) {
    if (Date.now() > deadline) throw new Error('the page was not told of the kernel');
    await sleep(50);
  }
  holder.send(GROWTH[round % GROWTH.length] ?? '');
  const killedAtMs = await killWhenFull(server);
  for (const kernel of [other, holder]) kernel.close();
  page.close();
  await server.stop();
  return { killedAtMs, holderId: holder.id, path };
}

/** What the next start says about the kill. */
async function verdictOf(
  page: IPage,
  kill: { killedAtMs: number; holderId: string; path: string },
  known: ReadonlySet<string>
): Promise<Omit<IRow, 'where' | 'round'>> {
  let death;
  try {
    ({ death } = await page.death(
      ({ id, evidence }) => evidence.fromFlightRecorder && !known.has(id),
      30_000
    ));
  } catch (error) {
    if (!(error instanceof Error && /within \d+ ms/.test(error.message))) throw error;
    return { wrong: 'nothing is said', timeWrongByMs: null };
  }
  const { verdict, evidence, atMs } = death;
  const timeWrongByMs = atMs - kill.killedAtMs;
  const wrong =
    verdict.cause !== 'container-killed' || verdict.memory !== 'yes'
      ? `cause ${verdict.cause}, memory ${verdict.memory}: ${JSON.stringify(evidence)}`
      : evidence.kernel.kernelId !== kill.holderId || evidence.kernel.path !== kill.path
        ? `holder ${evidence.kernel.path}: ${JSON.stringify(evidence)}`
        : wrongTime(timeWrongByMs);
  return { wrong, timeWrongByMs };
}

/** Each start explains the kill before it and is killed in its turn. */
async function killOnHost(kills: number): Promise<IRow[]> {
  const home = mkdtempSync(join(tmpdir(), 'labkeeper-group-'));
  const rows: IRow[] = [];
  const known = new Set<string>();
  try {
    let server = await startContainer(home);
    for (let round = 1; round <= kills; round++) {
      const page = await openPage(server);
      const kill = await killOne(server, page, round);
      server = await startContainer(home);
      const next = await openPage(server);
      const row: IRow = { where: 'host', round, ...(await verdictOf(next, kill, known)) };
      next.deaths.forEach(({ id }) => known.add(id));
      next.close();
      rows.push(row);
      console.log(`  host ${round}/${kills}: ${row.wrong ?? 'right'}, time wrong by ${row.timeWrongByMs} ms`);
    }
    // `unshare` hands no signal on, so the server is asked itself.
    for (const init of childrenOf(server.pid)) process.kill(init, 'SIGTERM');
    await server.stop();
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return rows;
}

// Every server that was started leaves a listener for the end.
process.setMaxListeners(KILLS + 20);
const rows = [
  ...(only === 'host' ? [] : killInMachine(IN_MACHINE)),
  ...(only === 'machine' ? [] : await killOnHost(KILLS - IN_MACHINE))
];
const wrong = rows.filter(row => row.wrong !== null);
console.log(`${wrong.length} of ${rows.length} wrong`);
if (only === undefined) {
  record(
    {
      id: 'death.group.unexplained',
      what: 'Kills of a whole container for memory of which the next start gets cause, time (± 2 s) or holder wrong, or says nothing',
      unit: 'kills',
      value: wrong.length,
      n: rows.length,
      samples: rows
    },
    'group'
  );
}
