import {defineConfig} from 'vite';
import {buildStamp} from './build/stamp.ts';

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
      },
    },
  },
});
