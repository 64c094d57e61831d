// companion.cpu.idle, companion.cpu.watched, companion.anon: five minutes unwatched, five watched, ten idle kernels.
import { cpuMs, sleep, statusBytes } from './lib/cpu.mts';
import { startKernel } from './lib/kernels.mts';
import { whenQuiet } from './lib/machine.mts';
import { openPage } from './lib/page.mts';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { extent } from './lib/trial.mts';

const MINUTES = extent(5, 1);

const server = await startServer({ memory: '4G' });
const memory: { minute: number; anonMB: number }[] = [];
try {
  for (let i = 0; i < 10; i++) await startKernel(server, `idle-${i}.ipynb`);
  const companion = server.companionPid();
  if (!companion) throw new Error(`the companion does not run:\n${server.log().slice(-2000)}`);
  await sleep(5000);
  await whenQuiet();
  /** Percent of a core over the next minutes. */
  const measure = async () => {
    const minutes: number[] = [];
    for (let minute = 0; minute < MINUTES; minute++) {
      const [cpu, at] = [cpuMs(companion), performance.now()];
      await sleep(60_000);
      minutes.push((100 * (cpuMs(companion) - cpu)) / (performance.now() - at));
      memory.push({ minute: memory.length + 1, anonMB: statusBytes(companion, 'RssAnon') / 1e6 });
    }
    return { value: minutes.reduce((sum, value) => sum + value, 0) / MINUTES, minutes };
  };
  const idle = await measure();
  const page = await openPage(server);
  const watched = await measure();
  page.close();
  record(
    {
      id: 'companion.cpu.idle',
      what: `CPU of the companion over ${MINUTES} minutes, ten idle kernels, nobody watching`,
      unit: '% of a core',
      value: idle.value,
      n: 1,
      samples: idle.minutes
    },
    'companion'
  );
  record(
    {
      id: 'companion.cpu.watched',
      what: `The same with one page at 1 Hz (${page.samples.length} samples)`,
      unit: '% of a core',
      value: watched.value,
      n: 1,
      samples: watched.minutes
    },
    'companion'
  );
  record(
    {
      id: 'companion.anon',
      what: `RssAnon of the companion in ${2 * MINUTES} minutes with ten kernels, highest minute`,
      unit: 'MB',
      value: Math.max(...memory.map(m => m.anonMB)),
      n: 1,
      samples: memory
    },
    'companion'
  );
} finally {
  await server.stop();
}
