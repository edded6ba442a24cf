/** Puts labels beside what they name without letting them overlap. */

interface Box {
  /** Where its top wants to be. */
  readonly wanted: number;
  readonly height: number;
}

/**
 * Tops of boxes, as near as possible to where they want to be, none over another.
 *
 * Neighbours that would overlap become one block around the mean of their wishes. All lie in
 * [low, high] if they fit there.
 */
export function spread(boxes: readonly Box[], low: number, high: number): number[] {
  const order = boxes
    .map((_, i) => i)
    .sort((a, b) => (boxes[a]?.wanted ?? 0) - (boxes[b]?.wanted ?? 0));
  const blocks: {members: number[]; top: number; height: number}[] = [];
  for (const i of order) {
    const box = boxes[i];
    if (!box) continue;
    let block = {members: [i], top: box.wanted, height: box.height};
    for (
      let last = blocks.at(-1);
      last && last.top + last.height > block.top;
      last = blocks.at(-1)
    ) {
      blocks.pop();
      block = joined(last, block);
    }
    blocks.push(block);
  }
  return placed(boxes, blocks, low, high);
}

type Block = {members: number[]; top: number; height: number};

/** One block of two, where the mean wish of its members is met best. */
function joined(above: Block, below: Block): Block {
  const [n, m] = [above.members.length, below.members.length];
  const wish = (n * above.top + m * (below.top - above.height)) / (n + m);
  return {
    members: [...above.members, ...below.members],
    top: wish,
    height: above.height + below.height,
  };
}

function placed(
  boxes: readonly Box[],
  blocks: readonly Block[],
  low: number,
  high: number,
): number[] {
  const tops = boxes.map(() => 0);
  let edge = low;
  let room = blocks.reduce((sum, {height}) => sum + height, 0);
  for (const {members, top, height} of blocks) {
    let at = Math.max(edge, Math.min(top, high - room));
    room -= height;
    for (const i of members) {
      tops[i] = at;
      at += boxes[i]?.height ?? 0;
    }
    edge = at;
  }
  return tops;
}
