import {defineConfig} from 'vite';
import {buildStamp} from './build/stamp.ts';

const BASE =
  /preload-helper|node_modules\/@?preact|src\/(api|state|elements)\/\w+\.tsx?$|src\/host\.ts$|src\/charts\/(path|shared|labels|sparkline)\.tsx?$/;

// App mode with a JS entry: TensorBoard loads index.js, which links the chunks and their CSS.
export default defineConfig({
  base: './',
  publicDir: false,
  plugins: [buildStamp(import.meta.dirname)],
  build: {
    outDir: '../tb_monitor_plugin/static',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // no data: URLs, which a stricter policy may refuse
    modulePreload: {polyfill: false},
    reportCompressedSize: false,
    license: {fileName: 'THIRD_PARTY_LICENSES.txt'},
    rolldownOptions: {
      input: {index: 'src/index.ts'},
      preserveEntrySignatures: 'strict', // keep `export {render}`
      output: {
        entryFileNames: 'index.js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
        // What every page needs is one file: few requests, and none waits for another's imports.
        codeSplitting: {groups: [{name: 'base', test: BASE}]},
      },
    },
  },
});
