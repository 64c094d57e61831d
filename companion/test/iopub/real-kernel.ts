import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

/** Why no kernel can be started on this machine; null = it can. */
export function kernelsMissing(): string | null {
  const { status } = spawnSync('python3', ['-c', 'import ipykernel, jupyter_client, nbclient']);
  return status === 0 ? null : 'There is no python3 with ipykernel, jupyter_client and nbclient.';
}

/** A kernel in a process of its own, driven through jupyter_client. */
export class RealKernel {
  static async start(
    folder: string,
    transport: 'tcp' | 'ipc' = 'tcp',
    encryption: 'disabled' | 'required' = 'disabled'
  ): Promise<RealKernel> {
    const child = spawn('python3', [join(__dirname, 'kernel_driver.py'), folder, transport, encryption], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, JUPYTER_RUNTIME_DIR: folder, IPYTHONDIR: folder, PYTHONWARNINGS: 'ignore' }
    });
    const kernel = new RealKernel(child);
    kernel.path = String(await kernel.answer());
    return kernel;
  }

  private constructor(private readonly child: ChildProcess) {
    if (!child.stdout) {
      throw new Error('The driver has no output.');
    }
    this.lines = createInterface(child.stdout);
    this.lines.on('line', line => this.waiting.shift()?.(JSON.parse(line)));
  }

  /** Its connection file. */
  path = '';

  /** Sends requests. @returns their ids. */
  async execute(codes: readonly string[], stopOnError = true): Promise<string[]> {
    return (await this.ask('execute', codes, stopOnError)) as string[];
  }

  /** Waits for the replies. @returns what they say. */
  async wait(msgIds: readonly string[]): Promise<string[]> {
    return (await this.ask('wait', msgIds)) as string[];
  }

  /** Execution counts and outputs as nbclient makes them of the same cells. */
  async nbclient(codes: readonly string[]): Promise<[number, Record<string, unknown>[]][]> {
    return (await this.ask('nbclient', codes)) as [number, Record<string, unknown>[]][];
  }

  ask(name: string, ...args: readonly unknown[]): Promise<unknown> {
    this.child.stdin?.write(`${JSON.stringify([name, ...args])}\n`);
    return this.answer();
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.stdin?.end();
    await ended;
  }

  private answer(): Promise<unknown> {
    return new Promise(resolve => this.waiting.push(resolve));
  }

  private readonly lines: Interface;
  private readonly waiting: ((value: unknown) => void)[] = [];
}
