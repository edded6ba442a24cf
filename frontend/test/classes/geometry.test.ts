import {expect, test} from 'vitest';
import {cellBox, labelPlaces, panelFrame} from '../../src/classes/geometry.ts';
import {whole} from '../../src/classes/window.ts';

const measure = (text: string) => text.length * 7;
const names = (classes: number) => Array.from({length: classes}, (_, index) => `class ${index}`);

function frameOf(width: number, classes: number) {
  return panelFrame({
    width,
    span: classes,
    names: names(classes),
    measure,
    margins: true,
    supportKnown: true,
    tallest: 760,
  });
}

test('the picture is never wider than its card, from 300 to 2,500 pixels and 1 to 60 classes', () => {
  for (const width of [300, 372, 560, 900, 1_400, 2_500]) {
    for (const classes of [1, 2, 3, 10, 33, 60]) {
      expect(frameOf(width, classes).width).toBeLessThanOrEqual(width);
    }
  }
});

test('sixty classes have every name at the width of a desktop', () => {
  const frame = frameOf(900, 60);
  expect(labelPlaces(0, whole(60), frame.side, 60)).toHaveLength(60);
});

test('cells of a whole matrix are whole pixels, so that no line is blurred', () => {
  const frame = frameOf(640, 10);
  expect(frame.side % 10).toBe(0);
  expect(cellBox(frame, whole(10), 3, 4)?.width).toBe(frame.side / 10);
});

test('names stand upright only where they do not fit side by side', () => {
  expect(frameOf(900, 3).upright).toBe(false);
  expect(frameOf(500, 20).upright).toBe(true);
});

test('supports leave first where there is little room', () => {
  expect(frameOf(372, 10).support).toBe(false);
  expect(frameOf(640, 10).support).toBe(true);
});

test('a cell out of the window has no box', () => {
  const frame = frameOf(640, 10);
  expect(cellBox(frame, {row: 0, column: 0, span: 5}, 7, 2)).toBeNull();
});

test('labels that do not fit are thinned, the same ones while panning', () => {
  const at = (start: number) =>
    labelPlaces(start, {row: start, column: 0, span: 100}, 400, 1_000).map(
      ({position}) => position,
    );
  expect(at(0)[1]).toBe(3);
  expect(at(1.5).every((position) => position % 3 === 0)).toBe(true);
});
