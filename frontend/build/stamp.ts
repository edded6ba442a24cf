/** Writes `BUILD.json` beside the built files, so that a test without node can see a stale build. */

import {createHash} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Plugin} from 'vite';

/** What decides the built files' bytes; folders are taken whole. Paths below `frontend/`. */
const INPUTS = [
  'build',
  'package-lock.json',
  'package.json',
  'src',
  'tsconfig.json',
  'vite.config.ts',
];

/**
 * Hashes the sources: sha256 over, for each file in ascending order of its path,
 * the path (with `/`), a zero byte, the bytes with CRLF made LF, and a zero byte.
 *
 * tests/frontend recomputes this in Python; README.md states it in words.
 */
export function sourceStamp(root: string): string {
  const hash = createHash('sha256');
  for (const path of INPUTS.flatMap((input) => filesBelow(root, input)).sort(byCodeUnit)) {
    hash.update(path).update('\0');
    hash.update(readFileSync(join(root, path), 'latin1').replaceAll('\r\n', '\n'), 'latin1');
    hash.update('\0');
  }
  return hash.digest('hex');
}

/** The plugin that adds the stamp to the bundle. */
export function buildStamp(root: string): Plugin {
  return {
    name: 'build-stamp',
    generateBundle() {
      const source = `${JSON.stringify({version: 1, sources_sha256: sourceStamp(root)}, null, 2)}\n`;
      this.emitFile({type: 'asset', fileName: 'BUILD.json', source});
    },
  };
}

function filesBelow(root: string, path: string): string[] {
  try {
    return readdirSync(join(root, path), {withFileTypes: true}).flatMap((entry) =>
      filesBelow(root, `${path}/${entry.name}`),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [path];
    throw error;
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
