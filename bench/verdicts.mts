// verdict.wrong, verdict.unknown: every cause for real, twenty times each, against one real server in a small cgroup.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Death, Notice } from '../packages/protocol/lib/index.js';
import { CASES, type ICase } from './lib/causes.mts';
import { sleep } from './lib/cpu.mts';
import { type IKernel, NoAnswerError, startKernel } from './lib/kernels.mts';
import { type IPage, openPage } from './lib/page.mts';
import { record } from './lib/result.mts';
import { type IServer, childrenOf, commandLine, startServer } from './lib/server.mts';
import { startStage } from './lib/stages.mts';

const times = Number(process.env['LABKEEPER_TIMES'] ?? 20);
const only = process.env['LABKEEPER_ONLY'];
const observations: {
  case: string;
  expected: string;
  said: string;
  wrong: string | null;
  afterMs: number | null;
}[] = [];

/** What stands for a kernel that cannot start: only its path is known. */
const unstarted = (path: string): IKernel => ({
  id: '',
  path,
  send: () => undefined,
  run: () => Promise.reject(new Error('there is no kernel')),
  close: () => undefined
});

/** For a round in which nothing was said: was it Labkeeper that kept silent, or did nothing happen? */
async function seenOf(kernel: IKernel, server: IServer, page: IPage): Promise<string> {
  const state = await (await server.fetch(`/api/kernels/${kernel.id}`)).text();
  const health = await (await server.fetch('/labkeeper/health')).text();
  const lately = page.deaths.slice(-3).map(({ id, evidence, atMs }) => [id, evidence.kernel.path, atMs]);
  const processes = childrenOf(server.pid).map(pid => `${pid} ${commandLine(pid).slice(-60)}`);
  return JSON.stringify({
    now: Date.now(),
    state,
    health,
    lately,
    processes,
    log: server.log().slice(-1500)
  });
}

/** All kernels and processes, and the end of the log, for a kernel that never answered. */
async function stateOf(server: IServer): Promise<string> {
  const kernels = await (await server.fetch('/api/kernels')).text();
  const processes = childrenOf(server.pid).map(pid => `${pid} ${commandLine(pid).slice(-60)}`);
  return JSON.stringify({ kernels, processes, log: server.log().slice(-1500) });
}

async function removeKernels(server: IServer): Promise<void> {
  const left: { id: string }[] = await (await server.fetch('/api/kernels')).json();
  await Promise.all(left.map(({ id }) => server.fetch(`/api/kernels/${id}`, { method: 'DELETE' })));
}

/** Provokes one case on a fresh kernel and says what came of it. */
async function observe(one: ICase, round: number, server: IServer, page: IPage) {
  const path = `case-${CASES.indexOf(one)}-${round}.ipynb`;
  const kernel = one.spec === null ? unstarted(path) : await startKernel(server, path, one.spec ?? 'python3');
  const mine = (death: Death) => death.evidence.kernel.path === path;
  const from = Date.now();
  await one.provoke(server, kernel);
  let said = 'nothing';
  let wrong: string | null = null;
  let afterMs: number | null = null;
  try {
    if (one.answer === 'death') {
      const until = (death: Death) => mine(death) && (one.until?.(death) ?? true);
      const { death: first } = await page.death(until, 30_000);
      // News of the same death (better figures) follow within 300 ms; its successor may die too, as another one.
      await sleep(500);
      const last = page.deaths.findLast(death => death.id === first.id && until(death));
      if (last) {
        said = last.verdict.cause;
        afterMs = last.atMs - from;
        if (said === one.expected) wrong = one.check?.(last, server, kernel) ?? null;
      }
    } else if (one.answer === 'notice') {
      const wanted = (n: Notice) => n.atMs >= from && n.verdict.cause === one.expected;
      const notice = await page.notice(
        n => wanted(n) && n.kernels.some(k => k.kernelId === kernel.id),
        20_000
      );
      said = notice.verdict.cause;
    } else {
      await sleep(2000);
      const death = page.deaths.find(mine);
      said = death ? death.verdict.cause : 'asked-for';
    }
  } catch (error) {
    if (!(error instanceof Error && /within \d+ ms/.test(error.message))) throw error;
    said =
      page.deaths.filter(mine).at(-1)?.verdict.cause ??
      `nothing (${error.message}; ${await seenOf(kernel, server, page)})`;
  }
  if (said !== one.expected && said !== 'unknown') wrong = `${one.expected} expected, ${said} said`;
  kernel.close();
  await removeKernels(server);
  for (const leftover of ['work/fill', 'work/broken', 'work/doom']
    .map(name => join(server.home, name))
    .concat('/dev/shm/full'))
    rmSync(server.inside(leftover), { force: true });
  observations.push({ case: one.name, expected: one.expected, said, wrong, afterMs });
  if (wrong || said === 'unknown') {
    console.log(`  ${one.name} #${round}: ${wrong ?? 'unknown'}`);
    if (only) console.log(JSON.stringify(page.deaths.filter(mine).at(-1) ?? page.notices, null, 1));
  }
}

const STOPPING = 'the server shuts down';

/**
 * The server is stopped in order while a cell runs, and started again on the same home: neither the page of that
 * moment nor the one after the next start may hear of a death.
 */
async function observeStops() {
  const home = mkdtempSync(join(tmpdir(), 'labkeeper-stops-'));
  const heard: Death[] = [];
  try {
    for (let round = 0; round <= times; round++) {
      const server = await startServer({ home, memory: '700M' });
      const page = await openPage(server);
      await sleep(500);
      heard.push(...page.deaths);
      if (round > 0) {
        const death = heard.find(({ evidence }) => evidence.kernel.path === `stop-${round - 1}.ipynb`);
        const said = death?.verdict.cause ?? 'asked-for';
        const wrong = death ? `silence expected, ${said} said` : null;
        observations.push({ case: STOPPING, expected: 'asked-for', said, wrong, afterMs: null });
      }
      const kernel = await startKernel(server, `stop-${round}.ipynb`);
      kernel.send('import time; time.sleep(60)');
      await sleep(300);
      await server.stop();
      heard.push(...page.deaths);
      kernel.close();
      page.close();
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** More than these, and it is no accident. */
const SERVERS_LOST_ALLOWED = 3;
/** 128 + SIGKILL. */
const KILLED = 137;
let serversLost = 0;
/** Fresh kernels that never answered, so that nothing could be provoked; more than these, and it is no accident. */
const MUTE_ALLOWED = 3;
let mute = 0;
const chosen = CASES.filter(one => !only || one.name.includes(only));
for (const stage of new Set(chosen.map(one => one.stage ?? 'plain'))) {
  let { server, stop } = await startStage(stage);
  try {
    let page = await openPage(server);
    for (const one of chosen.filter(one => (one.stage ?? 'plain') === stage)) {
      const start = Date.now();
      for (let round = 0; round < times; round++) {
        try {
          await observe(one, round, server, page);
        } catch (error) {
          if (error instanceof NoAnswerError && server.exitCode() === null && ++mute <= MUTE_ALLOWED) {
            console.log(`  ${one.name} #${round}: ${error.message}; ${await stateOf(server)}`);
            await removeKernels(server);
            round--;
            continue;
          }
          // The system killed the server as well, within milliseconds and although all others came first: what the next
          // start says of that is another benchmark's (`group`). It is counted, and the round is repeated.
          await sleep(2000);
          if (server.exitCode() !== KILLED || ++serversLost > SERVERS_LOST_ALLOWED) throw error;
          console.log(`  ${one.name} #${round}: the server was killed too`);
          page.close();
          await stop();
          ({ server, stop } = await startStage(stage));
          page = await openPage(server);
          round--;
        }
      }
      const right = observations.filter(o => o.case === one.name && !o.wrong && o.said === one.expected);
      console.log(
        `${one.name.padEnd(45)} ${right.length}/${times} right, ${((Date.now() - start) / 1000).toFixed(0)} s`
      );
    }
    page.close();
  } finally {
    await stop();
  }
}
if (!only || STOPPING.includes(only)) {
  const start = Date.now();
  await observeStops();
  const right = observations.filter(o => o.case === STOPPING && !o.wrong);
  console.log(
    `${STOPPING.padEnd(45)} ${right.length}/${times} right, ${((Date.now() - start) / 1000).toFixed(0)} s`
  );
}
const wrong = observations.filter(o => o.wrong);
const unknown = observations.filter(o => !o.wrong && o.said === 'unknown');
if (!only) {
  const n = observations.length;
  record(
    {
      id: 'verdict.wrong',
      what: `Wrong or guessed verdicts, each cause provoked for real; rounds repeated because the server was killed as well: ${serversLost}, because a fresh kernel never answered: ${mute}`,
      unit: 'verdicts',
      value: wrong.length,
      n,
      samples: observations
    },
    'verdicts'
  );
  record(
    {
      id: 'verdict.unknown',
      what: 'Verdicts that say "unknown"',
      unit: '%',
      value: (100 * unknown.length) / n,
      n,
      samples: unknown
    },
    'verdicts'
  );
} else console.log(observations);
