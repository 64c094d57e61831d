import { build } from 'esbuild';

/** Bundles a program, the service or the companion, so that it runs in a process of its own. */
export async function buildProgram(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // Optional native parts of pg and ws.
    external: ['pg-native', 'bufferutil', 'utf-8-validate'],
    banner: {
      js: "import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);"
    }
  });
}
