// verdict.wrong, verdict.unknown: every cause for real, twenty times each, against one real server in a small cgroup.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CASES, type ICase } from './lib/causes.mts';
import { sleep } from './lib/cpu.mts';
import { startKernel } from './lib/kernels.mts';
import { type IPage, openPage } from './lib/page.mts';
import { record } from './lib/result.mts';
import { type IServer, startServer } from './lib/server.mts';

const times = Number(process.env['LABKEEPER_TIMES'] ?? 20);
const only = process.env['LABKEEPER_ONLY'];
const python = join(process.cwd(), '.venv/bin/python');

/** A kernel that starts once and, when the file `broken` exists, never again. */
const FRAGILE = `import os
if os.path.exists('broken'):
    os.unlink('broken')
    import no_such_module
from ipykernel import kernelapp
kernelapp.launch_new_instance()`;

const server = await startServer({
  memory: '700M',
  cpu: 2,
  processes: 200,
  // A small /dev/shm and a small home of its own, as in a container.
  inside: [
    'mount -t tmpfs -o size=64m tmpfs /dev/shm',
    'mount -t tmpfs -o size=48m tmpfs "$HOME"',
    'mkdir "$HOME/work"'
  ],
  prepare: data => {
    const spec = join(data, 'kernels/fragile');
    mkdirSync(spec, { recursive: true });
    writeFileSync(
      join(spec, 'kernel.json'),
      JSON.stringify({
        argv: [python, '-c', FRAGILE, '-f', '{connection_file}'],
        display_name: 'Fragile',
        language: 'python'
      })
    );
  }
});
const page = await openPage(server);
const observations: {
  case: string;
  expected: string;
  said: string;
  wrong: string | null;
  afterMs: number | null;
}[] = [];

/** Provokes one case on a fresh kernel and says what came of it. */
async function observe(one: ICase, round: number, server: IServer, page: IPage) {
  const path = `case-${CASES.indexOf(one)}-${round}.ipynb`;
  const kernel = await startKernel(server, path, one.name === 'cannot start again' ? 'fragile' : 'python3');
  const from = Date.now();
  await one.provoke(server, kernel);
  let said = 'nothing';
  let wrong: string | null = null;
  let afterMs: number | null = null;
  try {
    if (one.answer === 'death') {
      const mine = (death: { evidence: { kernel: { kernelId: string } } }) =>
        death.evidence.kernel.kernelId === kernel.id;
      const wantsCause =
        one.expected === 'start-failed'
          ? (death: { verdict: { cause: string } }) => death.verdict.cause === 'start-failed'
          : () => true;
      await page.death(death => mine(death) && wantsCause(death), 30_000);
      // News of the same death (better figures) follow within the second.
      await sleep(700);
      const heard = page.deaths.filter(death => mine(death) && wantsCause(death));
      const last = heard.at(-1);
      if (last) {
        said = last.verdict.cause;
        afterMs = last.atMs - from;
        if (said === one.expected) wrong = one.check?.(last, server, kernel) ?? null;
      }
    } else if (one.answer === 'notice') {
      const notice = await page.notice(
        n =>
          n.atMs >= from && n.kernels.some(k => k.kernelId === kernel.id) && n.verdict.cause === one.expected,
        20_000
      );
      said = notice.verdict.cause;
    } else {
      await sleep(4000);
      const death = page.deaths.find(d => d.evidence.kernel.kernelId === kernel.id);
      said = death ? death.verdict.cause : 'asked-for';
    }
  } catch (error) {
    if (!(error instanceof Error && /within \d+ ms/.test(error.message))) throw error;
    said = `nothing (${error.message})`;
    const other = page.deaths.filter(d => d.evidence.kernel.kernelId === kernel.id).at(-1);
    if (other) said = other.verdict.cause;
  }
  if (said !== one.expected && said !== 'unknown') wrong = `${one.expected} expected, ${said} said`;
  kernel.close();
  await server.fetch(`/api/kernels/${kernel.id}`, { method: 'DELETE' });
  for (const leftover of [join(server.home, 'work/fill'), '/dev/shm/full'])
    rmSync(server.inside(leftover), { force: true });
  observations.push({ case: one.name, expected: one.expected, said, wrong, afterMs });
  if (wrong || said === 'unknown') {
    console.log(`  ${one.name} #${round}: ${wrong ?? 'unknown'}`);
    if (only)
      console.log(
        JSON.stringify(page.deaths.filter(d => d.evidence.kernel.kernelId === kernel.id).at(-1), null, 1)
      );
  }
}

try {
  for (const one of CASES.filter(c => !only || c.name.includes(only))) {
    const start = Date.now();
    for (let round = 0; round < times; round++) await observe(one, round, server, page);
    const mine = observations.filter(o => o.case === one.name);
    console.log(
      `${one.name.padEnd(45)} ${mine.filter(o => !o.wrong && o.said === one.expected).length}/${times} right, ${((Date.now() - start) / 1000).toFixed(0)} s`
    );
  }
} finally {
  page.close();
  await server.stop();
}
const wrong = observations.filter(o => o.wrong);
const unknown = observations.filter(o => !o.wrong && o.said === 'unknown');
if (!only) {
  const n = observations.length;
  record(
    {
      id: 'verdict.wrong',
      what: 'Wrong or guessed verdicts, each cause provoked for real',
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
