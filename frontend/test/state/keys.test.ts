import {expect, test} from 'vitest';

test('no two pages use the same URL key', async () => {
  // Each throws if one of its keys is taken.
  await import('../../src/bar/bar.tsx');
  await import('../../src/welcome/welcome.tsx');
  await import('../../src/overview/index.tsx');
  await import('../../src/fit/index.tsx');
  await expect(import('../../src/classes/index.tsx')).resolves.toHaveProperty('ClassesPage');
});
