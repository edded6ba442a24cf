import {beforeEach, describe, expect, test} from 'vitest';
import {listing} from '../../src/api/client.ts';
import type {RunInfo} from '../../src/api/types.ts';
import {curveColor, mix, PALETTE_LIGHT, placeRuns, runColor} from '../../src/state/colors.ts';
import {
  filterError,
  hiddenRuns,
  matchedRuns,
  runFilter,
  shownNames,
  toggleRun,
} from '../../src/state/runs.ts';

function info(run: string): RunInfo {
  return {run, token: run, last_step: 1, last_wall_time: 1, series: [], fit: [], unreadable: []};
}

beforeEach(() => {
  runFilter.value = '';
  hiddenRuns.value = [];
  listing.value = {
    version: 1,
    token: 't',
    logdir: 'logs',
    cut: null,
    runs: ['a/1', 'a/2', 'b', '__proto__'].map(info),
  };
});

describe('the run filter', () => {
  test('keeps the runs that match, in any case', () => {
    runFilter.value = '^A/';
    expect(shownNames.value).toEqual(['a/1', 'a/2']);
  });

  test('shows all runs and says why while it is no regular expression', () => {
    runFilter.value = '(a';
    expect(matchedRuns.value).toHaveLength(4);
    expect(filterError.value).toMatch(/regular expression/i);
  });

  test('leaves out runs that were switched off, until they are switched on', () => {
    toggleRun('__proto__');
    toggleRun('b');
    expect(shownNames.value).toEqual(['a/1', 'a/2']);
    toggleRun('b');
    expect(shownNames.value).toEqual(['a/1', 'a/2', 'b']);
  });
});

describe('run colours', () => {
  test('follow the host’s order and repeat after seven', () => {
    placeRuns(['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7']);
    expect(runColor('r1')).toBe(PALETTE_LIGHT[1]);
    expect(runColor('r7')).toBe(runColor('r0'));
  });

  test('stay when runs are added', () => {
    const before = runColor('r3');
    placeRuns(['new', 'r3']);
    expect(runColor('r3')).toBe(before);
  });

  test('of a run that exists only through its sub-runs are those of the first', () => {
    placeRuns(['parent/tb_monitor_0']);
    expect(runColor('parent')).toBe(runColor('parent/tb_monitor_0'));
  });

  test('are mixed with the text’s colour for curves', () => {
    expect(mix('#ffffff', '#000000', 0.5)).toBe('#808080');
    expect(curveColor('r1')).not.toBe(runColor('r1'));
  });
});
