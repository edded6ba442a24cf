import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {
  AnswerError,
  getFit,
  getMatrix,
  getOverview,
  getSeries,
  indexRanges,
  listing,
  pending,
  refreshListing,
} from '../../src/api/client.ts';
import {fixtureBytes, listingAnswer, overviewAnswer} from '../fixtures.ts';

type Answer = Response | Error;

/** Answers questions in turn, or by what stands in their URL; notes what was asked. */
function serve(answer: (url: URL) => Answer): URL[] {
  const asked: URL[] = [];
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(new URL(url));
    const given = answer(new URL(url));
    if (given instanceof Error) throw given;
    return given;
  });
  return asked;
}

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), {status});

beforeEach(() => {
  listing.value = null;
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('index ranges', () => {
  test.each([
    [[0, 1, 2, 3, 7], '0-3,7'],
    [[5], '5'],
    [[4, 2, 3], '2-4'],
    [[], ''],
  ])('of %j are %s', (indices, written) => {
    expect(indexRanges(indices)).toBe(written);
  });
});

describe('the list of runs', () => {
  test('keeps its identity while its token stays', async () => {
    serve(() => json(listingAnswer()));
    const first = await refreshListing();
    expect(await refreshListing()).toBe(first);
  });

  test('is replaced when its token changes', async () => {
    let token = 'a';
    serve(() => json({...listingAnswer(), token}));
    const first = await refreshListing();
    token = 'b';
    expect(await refreshListing()).not.toBe(first);
  });
});

describe('a question about several runs', () => {
  test('names them by their place in the list, with the list’s token', async () => {
    const known = listingAnswer();
    listing.value = known;
    const asked = serve(() => json(overviewAnswer()));
    await getOverview([known.runs[0]!.run]);
    expect(asked[0]?.searchParams.get('runs')).toBe('0');
    expect(asked[0]?.searchParams.get('token')).toBe(known.token);
  });

  test('leaves the selection out when it is all', async () => {
    const known = {...listingAnswer(), token: 'all'};
    listing.value = known;
    const asked = serve(() => json(overviewAnswer()));
    await getOverview(known.runs.map(({run}) => run));
    expect(asked[0]?.searchParams.has('runs')).toBe(false);
  });

  test('asks for the list again, once, when its token is stale', async () => {
    listing.value = {...listingAnswer(), token: 'old'};
    const asked = serve((url) => {
      if (url.pathname.endsWith('/runs')) return json({...listingAnswer(), token: 'new'});
      return url.searchParams.get('token') === 'old'
        ? json({version: 1, error: 'the list of runs has changed'}, 409)
        : json(overviewAnswer());
    });
    await getOverview([]);
    expect(asked.map((url) => url.searchParams.get('token'))).toEqual(['old', null, 'new']);
  });

  test('asks for every class and average it names', async () => {
    listing.value = listingAnswer();
    const asked = serve(() => new Response(fixtureBytes('series_classes.bin')));
    await getSeries([listingAnswer().runs[0]!.run], {
      name: 'validation/ä b',
      metric: 'recall',
      averages: ['macro', 'micro'],
      classes: [3, 5],
    });
    const params = asked[0]?.searchParams;
    expect(params?.get('name')).toBe('validation/ä b');
    expect(params?.get('average')).toBe('macro,micro');
    expect(params?.get('class')).toBe('3,5');
  });
});

describe('an answer', () => {
  test('is kept until its run has news', async () => {
    const known = listingAnswer();
    const [first, ...others] = known.runs;
    listing.value = known;
    const asked = serve(() => new Response(fixtureBytes('matrix.bin')));
    const one = await getMatrix(first!.run, 'validation', 3);
    expect(await getMatrix(first!.run, 'validation', 3)).toBe(one);
    expect(asked).toHaveLength(1);
    listing.value = {...known, token: 'n', runs: [{...first!, token: 'news'}, ...others]};
    expect(await getMatrix(first!.run, 'validation', 3)).not.toBe(one);
    expect(asked).toHaveLength(2);
  });
});

describe('a failure', () => {
  test.each([
    [
      'the plugin’s sentence',
      json({version: 1, error: 'step is not logged'}, 404),
      404,
      'step is not logged',
    ],
    [
      'a proxy’s page',
      new Response('<html>', {status: 502, statusText: 'Bad Gateway'}),
      502,
      'TensorBoard answered 502 Bad Gateway',
    ],
    [
      'no answer',
      new TypeError('Failed to fetch'),
      0,
      'TensorBoard does not answer: is it still running?',
    ],
  ])('becomes a sentence: %s', async (_, given, status, sentence) => {
    listing.value = {...listingAnswer(), token: sentence};
    serve(() => given as Answer);
    const failed = await getFit([]).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(AnswerError);
    expect(failed).toMatchObject({status, message: sentence});
    expect(pending.value).toBe(0);
  });
});
