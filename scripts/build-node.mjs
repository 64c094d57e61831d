import { build } from 'esbuild';

await build({
  entryPoints: {
    companion: 'companion/src/main.ts',
    'recovery-process': 'companion/src/recovery/recovery-process.ts'
  },
  outdir: 'labkeeper/node',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  define: { 'process.env.NODE_ENV': '"production"' },
  // Optional native parts of ws; without them it uses its own JavaScript.
  external: ['bufferutil', 'utf-8-validate'],
  // CommonJS dependencies call require() of Node's own modules.
  banner: {
    js: "import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);"
  },
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning'
});
