import { build } from 'esbuild';

const common = {
  outdir: 'labkeeper/node',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  define: { 'process.env.NODE_ENV': '"production"' },
  // CommonJS dependencies call require() of Node's own modules.
  banner: {
    js: "import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);"
  },
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning'
};

await build({
  ...common,
  entryPoints: {
    companion: 'companion/src/main.ts',
    'recovery-process': 'companion/src/recovery/recovery-process.ts',
    verify: 'packages/hub-service/src/verify/main.ts',
    witness: 'packages/hub-service/src/witness/main.ts'
  },
  target: 'node22',
  // Optional native parts of ws; without them it uses its own JavaScript.
  external: ['bufferutil', 'utf-8-validate']
});

await build({
  ...common,
  entryPoints: { 'hub-service': 'packages/hub-service/src/main.ts' },
  target: 'node24',
  jsx: 'automatic',
  // The optional native part of pg; without it it uses its own JavaScript.
  external: ['pg-native']
});
