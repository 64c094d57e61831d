import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cause, Death } from '../../packages/protocol/lib/index.js';
import { sleep } from './cpu.mts';
import { type IKernel, startKernel } from './kernels.mts';
import type { IServer } from './server.mts';

/** `culling`: idle kernels are ended after a second. `crowded`: a neighbour fills the limit of the cgroup above. */
export type Stage = 'plain' | 'culling' | 'crowded';

/** One way to get a kernel into trouble, and what Labkeeper has to say of it. */
export interface ICase {
  readonly name: string;
  readonly expected: Cause;
  /** `death`: a dialog; `notice`: about a living kernel; `silence`: asked for, nothing may be said. */
  readonly answer: 'death' | 'notice' | 'silence';
  /** The server it takes; `plain` when left out. */
  readonly stage?: Stage;
  /** The kernelspec; null = no kernel can be started, `provoke` asks for one itself. */
  readonly spec?: string | null;
  provoke(server: IServer, kernel: IKernel): Promise<void> | void;
  /** Which of the kernel's deaths is the last word, where not the first. */
  until?(death: Death): boolean;
  /** Checks more than the cause; returns what is wrong, or null. */
  check?(death: Death, server: IServer, kernel: IKernel): string | null;
}

/**
 * Fills memory in steps, and writes its anonymous pages to a file before each: the truth about what it held.
 * Unsynchronised writes stay in the page cache, which survives the process.
 */
const HOG = `
import os, time
pages = open('/proc/self/statm'); truth = os.open('truth-%s', os.O_CREAT | os.O_WRONLY)
rows = []
while True:
    rows.append(b'x' * 4_000_000)
    pages.seek(0); now = pages.read().split()
    os.pwrite(truth, str(int(now[1]) - int(now[2])).encode().rjust(12), 0)
    %s
`;

function hog(kernel: IKernel, pause: string): string {
  return HOG.replace('%s', kernel.id).replace('%s', pause);
}

/** What the hog held at its end, in bytes. */
function truth(server: IServer, kernel: IKernel): number {
  return Number(readFileSync(server.inside(join(server.home, 'work', `truth-${kernel.id}`)), 'utf8')) * 4096;
}

function heldIsTrue(death: Death, server: IServer, kernel: IKernel): string | null {
  const held = death.verdict.heldBytes;
  const real = truth(server, kernel);
  if (held === null) return 'nothing is said of what it held';
  return Math.abs(held - real) <= 0.1 * real
    ? null
    : `held ${Math.round(held / 1e6)} MB said, ${Math.round(real / 1e6)} MB true`;
}

/** Asks for a kernel that cannot start; whatever the server answers. */
async function ask(server: IServer, kernel: IKernel, spec: string): Promise<void> {
  const body = JSON.stringify({
    path: kernel.path,
    name: kernel.path,
    type: 'notebook',
    kernel: { name: spec }
  });
  await server.fetch('/api/sessions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body
  });
}

/** Waits until the server knows the kernel no more. */
async function gone(server: IServer, kernel: IKernel): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if ((await server.fetch(`/api/kernels/${kernel.id}`)).status === 404) return;
    await sleep(100);
  }
  throw new Error(`kernel ${kernel.path} is still there`);
}

const says = (text: RegExp) => (death: Death) =>
  death.verdict.proofs.some(proof => proof.kind === 'start-message' && text.test(proof.text))
    ? null
    : `no start message like ${text}`;

const signalSelf = (name: string) => (_: IServer, kernel: IKernel) =>
  kernel.send(`import os, signal; os.kill(os.getpid(), signal.${name})`);
const code = (text: string) => (_: IServer, kernel: IKernel) => kernel.send(text);

export const CASES: readonly ICase[] = [
  {
    name: 'memory, fast',
    expected: 'memory-limit',
    answer: 'death',
    provoke: (_, kernel) => kernel.send(hog(kernel, 'pass')),
    check: heldIsTrue
  },
  {
    name: 'memory, slow',
    expected: 'memory-limit',
    answer: 'death',
    provoke: (_, kernel) => kernel.send(hog(kernel, 'time.sleep(0.01)')),
    check: heldIsTrue
  },
  {
    name: 'memory, two kernels at once',
    expected: 'memory-limit',
    answer: 'death',
    provoke: async (server, kernel) => {
      const other = await startKernel(server, kernel.path.replace('case', 'other'));
      other.send(hog(other, 'pass'));
      kernel.send(hog(kernel, 'pass'));
    },
    check: heldIsTrue
  },
  {
    name: 'memory, soon after another',
    expected: 'memory-limit',
    answer: 'death',
    provoke: async (server, kernel) => {
      const other = await startKernel(server, kernel.path.replace('case', 'other'));
      await other.run(hog(other, 'pass'), 800).catch(() => undefined);
      kernel.send(hog(kernel, 'pass'));
    },
    check: heldIsTrue
  },
  {
    name: 'memory of the cgroup above',
    expected: 'memory-elsewhere',
    answer: 'death',
    stage: 'crowded',
    provoke: (_, kernel) => kernel.send(hog(kernel, 'pass')),
    check: heldIsTrue
  },
  {
    name: 'killed from outside',
    expected: 'killed-outside',
    answer: 'death',
    provoke: signalSelf('SIGKILL')
  },
  {
    name: 'killed by hand near the limit',
    expected: 'killed-outside',
    answer: 'death',
    provoke: async (_, kernel) => {
      const limit = 700 * 2 ** 20;
      await kernel.run(
        `import os, time
def used():
    path = [l.split(':')[2].strip() for l in open('/proc/self/cgroup') if ':memory:' in l][0]
    stat = dict(l.split() for l in open('/sys/fs/cgroup/memory' + path + '/memory.stat'))
    return int(stat['total_rss']) + int(stat['total_shmem'])
rows = []
while used() < ${Math.round(limit * 0.94)}: rows.append(b'x' * 2_000_000)`
      );
      kernel.send('import os; os.kill(os.getpid(), 9)');
    }
  },
  { name: 'terminated', expected: 'terminated-outside', answer: 'death', provoke: signalSelf('SIGTERM') },
  {
    name: 'segmentation fault',
    expected: 'segfault',
    answer: 'death',
    provoke: code('import ctypes; ctypes.string_at(0)')
  },
  {
    name: 'bus error',
    expected: 'bus-error',
    answer: 'death',
    provoke: code(`import mmap, tempfile
file = tempfile.TemporaryFile(); file.truncate(mmap.PAGESIZE * 4)
view = mmap.mmap(file.fileno(), 0); file.truncate(0); view[mmap.PAGESIZE]`)
  },
  {
    name: '/dev/shm full',
    expected: 'shm-full',
    answer: 'death',
    provoke: code(`import mmap, os
file = open('/dev/shm/full', 'w+b'); file.truncate(2**27)
view = mmap.mmap(file.fileno(), 0)
for at in range(0, len(view), mmap.PAGESIZE): view[at] = 1`)
  },
  {
    name: 'illegal instruction',
    expected: 'illegal-instruction',
    answer: 'death',
    provoke: signalSelf('SIGILL')
  },
  { name: 'abort', expected: 'abort', answer: 'death', provoke: code('import os; os.abort()') },
  { name: 'floating point trap', expected: 'floating-point', answer: 'death', provoke: signalSelf('SIGFPE') },
  { name: 'os._exit(3)', expected: 'exited', answer: 'death', provoke: code('import os; os._exit(3)') },
  // The kernel ends itself with 0, because the cell said so: told, because its variables are gone.
  { name: 'exit() in a cell', expected: 'exited', answer: 'death', provoke: code('exit()') },
  {
    name: 'cannot start again: missing module',
    expected: 'start-failed',
    answer: 'death',
    spec: 'fragile',
    until: death => death.verdict.cause === 'start-failed',
    provoke: (_, kernel) => kernel.send(`import os; open('broken', 'w').close(); os.kill(os.getpid(), 9)`),
    check: death =>
      says(/no_such_module/)(death) ??
      (death.verdict.proofs.some(proof => proof.kind === 'ended-first' && proof.cause === 'killed-outside')
        ? null
        : 'what killed it first is not told')
  },
  {
    name: 'cannot start: missing module',
    expected: 'start-failed',
    answer: 'death',
    spec: null,
    provoke: (server, kernel) => ask(server, kernel, 'moduleless'),
    check: says(/no_such_module/)
  },
  {
    name: 'cannot start: bad kernelspec',
    expected: 'start-failed',
    answer: 'death',
    spec: null,
    provoke: (server, kernel) => ask(server, kernel, 'programless'),
    check: says(/no-such-program/)
  },
  {
    name: 'a row of fast deaths until Lab gives up',
    expected: 'segfault',
    answer: 'death',
    spec: 'doomed',
    until: death => death.consequence === 'gave-up',
    provoke: (_, kernel) =>
      kernel.send(`import os; open('doom', 'w').close(); import ctypes; ctypes.string_at(0)`),
    check: death => (death.evidence.series === 6 ? null : `series ${death.evidence.series} said, 6 true`)
  },
  {
    name: 'worker killed',
    expected: 'worker-killed',
    answer: 'notice',
    provoke: code(`import multiprocessing
def hungry(_):
    rows = []
    while True: rows.append(b'x' * 8_000_000)
with multiprocessing.get_context('fork').Pool(1) as pool: pool.map(hungry, [0])`)
  },
  {
    name: 'segfault beside a worker killed for memory',
    expected: 'segfault',
    answer: 'death',
    provoke: code(`import multiprocessing, ctypes, time
def hungry():
    rows = []
    while True: rows.append(b'x' * 8_000_000)
worker = multiprocessing.get_context('fork').Process(target=hungry); worker.start(); worker.join()
ctypes.string_at(0)`)
  },
  {
    name: 'too many processes',
    expected: 'too-many-processes',
    answer: 'notice',
    provoke: code(`import threading, time
stop = threading.Event()
def wait(): stop.wait(4)
while True: threading.Thread(target=wait, daemon=True).start()`)
  },
  {
    name: 'disk full',
    expected: 'disk-full',
    answer: 'notice',
    provoke: code(`import os, time
try:
    with open('fill', 'wb') as file:
        while True: file.write(b'x' * 1_000_000); file.flush()
finally:
    time.sleep(6); os.unlink('fill')`)
  },
  {
    name: 'the user restarts it',
    expected: 'asked-for',
    answer: 'silence',
    provoke: async (server, kernel) => {
      await server.fetch(`/api/kernels/${kernel.id}/restart`, { method: 'POST' });
    }
  },
  {
    name: 'the user shuts it down',
    expected: 'asked-for',
    answer: 'silence',
    provoke: async (server, kernel) => {
      await server.fetch(`/api/kernels/${kernel.id}`, { method: 'DELETE' });
    }
  },
  // IPython catches it: the kernel lives.
  {
    name: 'sys.exit() in a cell',
    expected: 'asked-for',
    answer: 'silence',
    provoke: code('import sys; sys.exit(4)')
  },
  { name: 'culled', expected: 'asked-for', answer: 'silence', stage: 'culling', provoke: gone }
];
