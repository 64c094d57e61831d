import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';

/** A server of the tests, in a process of its own. */
export interface IBundledServer {
  /** The line that it wrote when it was ready, parsed. */
  readonly said: unknown;
  stop(): Promise<void>;
}

/** Bundles a TypeScript program, runs it, and waits for its first line: JSON. */
export async function startBundled(source: string, bundle: string): Promise<IBundledServer> {
  await build({
    entryPoints: [source],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
    },
    logLevel: 'warning'
  });
  const child: ChildProcess = spawn(process.execPath, [bundle], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) {
    throw new Error('The server has no output.');
  }
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    said: JSON.parse(String(line)),
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    }
  };
}
