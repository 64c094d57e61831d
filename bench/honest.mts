// notices.honest: twenty ordinary workloads of a user without a problem, run for real under a small quota, one after
// the other as one day's use. Every notice and every death dialog that she would see counts. The throttling window is
// shortened tenfold (30 s for 5 minutes), and each workload runs longer than that; a trial shortens both tenfold again.
import { sleep } from './lib/cpu.mts';
import { startKernel } from './lib/kernels.mts';
import { whenQuiet } from './lib/machine.mts';
import { openPage } from './lib/page.mts';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { extent, isTrial } from './lib/trial.mts';

const SECONDS = extent(40, 4);
const loop = (body: string) =>
  `import time\nend = time.time() + ${SECONDS}\nwhile time.time() < end:\n${body.replace(/^/gm, '    ')}`;

/** What people do all day; none of it is a reason to interrupt them. */
const WORKLOADS: Record<string, string> = {
  'waiting for input': `import time; time.sleep(${SECONDS})`,
  'short cells': loop('sum(range(100_000)); time.sleep(0.5)'),
  'one busy core': loop('sum(range(1_000_000))'),
  'matrix products': `import numpy as np; a = np.random.rand(600, 600)\n${loop('a @ a; time.sleep(0.05)')}`,
  sorting: `import numpy as np; a = np.random.rand(3_000_000)\n${loop('np.sort(a); time.sleep(0.2)')}`,
  'half of the memory for a while': `block = b'x' * 350_000_000\n${loop('time.sleep(0.5)')}`,
  'three quarters of the memory for a while': `block = b'x' * 480_000_000\n${loop('time.sleep(0.5)')}`,
  'memory up and down': loop("block = b'x' * 250_000_000; time.sleep(0.3); del block; time.sleep(0.3)"),
  'page cache full of files': loop(
    "open('big', 'wb').write(b'x' * 300_000_000); open('big', 'rb').read(); time.sleep(0.5)"
  ),
  'writing results': loop("open('out.csv', 'a').write('1,2,3\\n' * 10_000); time.sleep(0.1)"),
  'reading many small files': loop(
    "[open(__file__ if '__file__' in globals() else '/etc/passwd').read() for _ in range(500)]; time.sleep(0.1)"
  ),
  'workers that end normally': `from multiprocessing import get_context\n${loop('pool = get_context("fork").Pool(2); pool.map(abs, range(1000)); pool.close(); pool.join()')}`,
  'workers that fail': `from multiprocessing import get_context\nimport os\n${loop('p = get_context("fork").Process(target=os._exit, args=(1,)); p.start(); p.join(); time.sleep(0.2)')}`,
  'a worker terminated by the program': `from multiprocessing import get_context\n${loop('p = get_context("fork").Process(target=time.sleep, args=(60,)); p.start(); p.terminate(); p.join(); time.sleep(0.2)')}`,
  'shell commands': `import subprocess\n${loop('subprocess.run(["ls", "-lR", "/usr/share/doc"], capture_output=True); time.sleep(0.5)')}`,
  'installing packages': `import subprocess, sys\n${loop('subprocess.run([sys.executable, "-m", "pip", "list"], capture_output=True)')}`,
  joblib: `from joblib import Parallel, delayed\n${loop('Parallel(n_jobs=2)(delayed(sum)(range(10_000)) for _ in range(50)); time.sleep(0.2)')}`,
  'threads that wait': `import threading\n${loop('ts = [threading.Thread(target=time.sleep, args=(0.5,)) for _ in range(50)]; [t.start() for t in ts]; [t.join() for t in ts]')}`,
  'printing a lot': loop("print('x' * 200, flush=True); time.sleep(0.01)"),
  'an exception now and then': loop('\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    pass\ntime.sleep(0.2)')
};

/** The opposite: many processes on a small quota. If that were not told, silence would prove nothing. */
const PROBLEM = `from multiprocessing import get_context
import time
end = time.time() + ${2 * SECONDS}
def busy(_):
    while time.time() < end: pass
with get_context("fork").Pool(8) as pool: pool.map(busy, range(8))`;

const start = () =>
  startServer({
    memory: '700M',
    cpu: 1,
    environment: { LABKEEPER_THROTTLE_MINUTES: String((0.75 * SECONDS) / 60) }
  });

/** @throws when a real problem is not told. On a server of its own: a notice is given once a day. */
async function checkThatProblemsAreTold(): Promise<void> {
  await whenQuiet();
  const server = await start();
  try {
    const page = await openPage(server);
    const kernel = await startKernel(server, 'problem.ipynb');
    kernel.send(PROBLEM);
    await page.notice(
      notice => notice.kernels.some(({ kernelId }) => kernelId === kernel.id),
      (2 * SECONDS + 10) * 1000
    );
    kernel.close();
    page.close();
  } finally {
    await server.stop();
  }
}

// In a trial others use the CPU, and the quota is not reached.
if (!isTrial) await checkThatProblemsAreTold();
const server = await start();
const page = await openPage(server);
const rows: { workload: string; notices: string[]; deaths: string[] }[] = [];
try {
  for (const [workload, code] of Object.entries(WORKLOADS)) {
    const [notices, deaths] = [page.notices.length, page.deaths.length];
    const kernel = await startKernel(server, `${workload}.ipynb`);
    const output = await kernel.run(code, (SECONDS + 60) * 1000);
    if (/Error/.test(output)) throw new Error(`"${workload}" itself failed: ${output.slice(-500)}`);
    kernel.close();
    await server.fetch(`/api/kernels/${kernel.id}`, { method: 'DELETE' });
    await sleep(2500);
    const row = {
      workload,
      notices: [...new Set(page.notices.slice(notices).map(n => `${n.id}: ${n.verdict.cause}`))],
      deaths: page.deaths.slice(deaths).map(d => d.verdict.cause)
    };
    rows.push(row);
    console.log(`  ${workload.padEnd(45)} ${[...row.notices, ...row.deaths].join(', ') || 'silence'}`);
  }
} finally {
  page.close();
  await server.stop();
}
const told = rows.reduce((sum, row) => sum + row.notices.length + row.deaths.length, 0);
record(
  {
    id: 'notices.honest',
    what: 'Notices and dialogs in a day of twenty ordinary workloads without a problem',
    unit: 'per day',
    value: told,
    n: rows.length,
    samples: rows
  },
  'honest'
);
