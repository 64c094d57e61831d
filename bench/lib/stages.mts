import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from './causes.mts';
import { sleep } from './cpu.mts';
import { type IServer, startServer } from './server.mts';

const python = join(process.cwd(), '.venv/bin/python');
const KERNEL = 'from ipykernel import kernelapp\nkernelapp.launch_new_instance()';

/** Kernels that break: their argument vectors by name. */
const SPECS: Readonly<Record<string, readonly string[]>> = {
  // Starts until the file `broken` lies there.
  fragile: [python, '-c', `import os\nif os.path.exists('broken'): import no_such_module\n${KERNEL}`],
  // Crashes at the start once the file `doom` lies there.
  doomed: [python, '-c', `import os, ctypes\nif os.path.exists('doom'): ctypes.string_at(0)\n${KERNEL}`],
  moduleless: [python, '-m', 'no_such_module'],
  programless: ['/usr/bin/no-such-program']
};

function prepare(data: string): void {
  for (const [name, argv] of Object.entries(SPECS)) {
    const spec = join(data, 'kernels', name);
    mkdirSync(spec, { recursive: true });
    writeFileSync(
      join(spec, 'kernel.json'),
      JSON.stringify({ argv: [...argv, '-f', '{connection_file}'], display_name: name, language: 'python' })
    );
  }
}

/** The controllers in each of which a server's cgroup is made. */
const CONTROLLERS = ['memory', 'cpu', 'cpuacct', 'pids']
  .map(name => `/sys/fs/cgroup/${name}`)
  .filter(path => existsSync(path));

/** A cgroup of 700 MB with a neighbour in it who holds 400 MB and cannot be killed for memory. */
async function startNeighbour(name: string): Promise<() => Promise<void>> {
  for (const controller of CONTROLLERS) mkdirSync(join(controller, name), { recursive: true });
  const group = `/sys/fs/cgroup/memory/${name}`;
  writeFileSync(`${group}/memory.limit_in_bytes`, String(700 * 2 ** 20));
  const program = `import time
open('${group}/cgroup.procs', 'w').write('0')
open('/proc/self/oom_score_adj', 'w').write('-1000')
rows = b'x' * 400_000_000
print('there', flush=True)
time.sleep(3600)`;
  const neighbour = spawn(python, ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => neighbour.kill('SIGKILL'));
  await new Promise(resolve => neighbour.stdout.once('data', resolve));
  return async () => {
    const ended = new Promise(resolve => neighbour.once('exit', resolve));
    neighbour.kill('SIGKILL');
    await ended;
    for (let i = 0; i < 50 && readFileSync(`${group}/cgroup.procs`, 'utf8') !== ''; i++) await sleep(100);
    for (const controller of CONTROLLERS) rmdirSync(join(controller, name));
  };
}

/** Starts the server of a stage, with a small /dev/shm and a small home of its own, as in a container. */
export async function startStage(stage: Stage): Promise<{ server: IServer; stop(): Promise<void> }> {
  const name = `labkeeper-above-${process.pid}`;
  const leave = stage === 'crowded' ? await startNeighbour(name) : async () => undefined;
  const server = await startServer({
    memory: stage === 'crowded' ? '2G' : '700M',
    cpu: 2,
    processes: 200,
    ...(stage === 'crowded' ? { within: name } : {}),
    inside: [
      'mount -t tmpfs -o size=64m tmpfs /dev/shm',
      'mount -t tmpfs -o size=48m tmpfs "$HOME"',
      'mkdir "$HOME/work"'
    ],
    // The restarter looks every 3 s by default; it is not what is measured.
    args: [
      '--AsyncIOLoopKernelRestarter.time_to_dead=0.5',
      ...(stage === 'culling'
        ? [
            '--MappingKernelManager.cull_idle_timeout=1',
            '--MappingKernelManager.cull_interval=1',
            '--MappingKernelManager.cull_connected=True'
          ]
        : [])
    ],
    prepare
  });
  return {
    server,
    stop: async () => {
      await server.stop();
      await leave();
    }
  };
}
