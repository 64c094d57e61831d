import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The service as it runs: its own program in its own process. */
export class ServiceProcess {
  constructor(
    private readonly program: string,
    private readonly environment: Record<string, string>
  ) {}

  async start(): Promise<void> {
    const child = spawn(process.execPath, [this.program], {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'inherit']
    });
    this.child = child;
    this.said = '';
    await new Promise<void>((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', text => {
        this.said += String(text);
        if (this.said.includes('Labkeeper listens.')) {
          resolve();
        }
      });
      child.once('exit', () => reject(new Error(`The service ended: ${this.said}`)));
    });
  }

  /** What its log holds since it was started. */
  said = '';

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      return child?.exitCode ?? null;
    }
    child.kill(signal);
    await once(child, 'close');
    return child.exitCode;
  }

  private child: ChildProcess | null = null;
}
