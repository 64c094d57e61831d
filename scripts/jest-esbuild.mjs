import { transformSync } from 'esbuild';

/** Compiles TypeScript and modules, also those in node_modules, for Jest. */
export default {
  process(source, file) {
    return transformSync(source, {
      sourcefile: file,
      loader: /\.tsx$/.test(file) ? 'tsx' : /\.[cm]?ts$/.test(file) ? 'ts' : 'jsx',
      format: 'cjs',
      target: 'node22',
      jsx: 'automatic',
      supported: { 'dynamic-import': false },
      sourcemap: 'external',
      sourcesContent: false
    });
  }
};
