import { build } from 'esbuild';

/** Makes one plain file of a program, as the project's own programs are made: reading TypeScript takes memory too. */
export async function bundled(program: string, file: string): Promise<void> {
  await build({
    ...{ entryPoints: [program], outfile: file, bundle: true, platform: 'node', format: 'esm' },
    ...{ target: 'node24', minifySyntax: true, minifyWhitespace: true, logLevel: 'warning' },
    // CommonJS dependencies call require() of Node's own modules.
    banner: {
      js: "import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);"
    }
  });
}
