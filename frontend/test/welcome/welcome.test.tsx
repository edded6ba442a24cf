import {cleanup, render, screen} from '@testing-library/preact';
import userEvent from '@testing-library/user-event';
import {afterEach, describe, expect, test} from 'vitest';
import {SNIPPETS} from '../../src/welcome/snippets.ts';
import {Welcome} from '../../src/welcome/welcome.tsx';
import {listingAnswer} from '../fixtures.ts';

afterEach(cleanup);

const empty = {...listingAnswer(), runs: [], logdir: '/home/ada/<b>logs'};

describe('without a run', () => {
  test('the page says where TensorBoard searched, as text', () => {
    const {container} = render(<Welcome listing={empty} />);
    expect(container.textContent).toContain('/home/ada/<b>logs');
    expect(container.querySelector('b')).toBeNull();
  });

  test.each(SNIPPETS)('it has something to paste for $title', async ({title, code}) => {
    render(<Welcome listing={empty} />);
    await userEvent.click(screen.getByRole('radio', {name: title}));
    expect(screen.getByRole('region', {name: `${title} example`}).textContent).toBe(
      code(empty.logdir),
    );
  });
});

describe('what is pasted', () => {
  test.each(SNIPPETS)(
    'for $title writes below the searched folder and imports our writer',
    ({code}) => {
      const text = code('C:\\logs "x"');
      expect(text).toContain('"C:\\\\logs \\"x\\"/my-run"');
      expect(text).toMatch(/^from tb_monitor_writer|\nfrom tb_monitor_writer/);
    },
  );
});
