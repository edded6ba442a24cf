/** A multi-label task: the 2 x 2 matrix of one label, and every label to choose it from. */
import './labels.css';
import {useMemo} from 'preact/hooks';
import type {MatrixHeader} from '../api/types.ts';
import {
  Card,
  EmptyState,
  formatCount,
  formatScore,
  plural,
  Segmented,
  Select,
} from '../elements/index.ts';
import {type BarScale, labelCounts, labelsEach, longestBar} from './label_counts.ts';
import {LabelList} from './label_list.tsx';
import {LabelMatrix} from './label_matrix.tsx';
import {barScale, chosenLabel, labelOrder} from './state.ts';

interface LabelCardProps {
  readonly header: MatrixHeader;
  /** position -> label, the same at every step. */
  readonly order: Uint32Array;
  readonly names: (index: number) => string;
  readonly stale: boolean;
}

/** Up to so many labels the list is short, and the matrix takes what it leaves. */
const ROOMY = 12;

export function LabelCard({header, order, names, stale}: LabelCardProps) {
  const wanted = chosenLabel.value;
  const first = useMemo(() => worstOf(header), [header]);
  const chosen = wanted >= 0 && wanted < header.classes ? wanted : first;
  const counts = labelCounts(header, chosen);
  const longest = useMemo(() => longestBar(header), [header]);
  return (
    <Card
      class={`matrix-card label-card ${header.classes <= ROOMY ? 'roomy' : ''} ${stale ? 'stale' : ''}`}
      title="Each label by itself"
      subtitle={subtitleOf(header)}
      actions={
        <span title="The share of examples of which every label is right">
          exact match <b class="figure">{formatScore(header.averages.accuracy.value)}</b>
        </span>
      }
    >
      {counts ? (
        <>
          <LabelMatrix header={header} index={chosen} counts={counts} name={names(chosen)} />
          <Controls />
          <LabelList
            header={header}
            order={order}
            names={names}
            chosen={chosen}
            scale={barScale.value}
            longest={longest}
          />
        </>
      ) : (
        <EmptyState title="The counts of this step are not there">
          <p>TensorBoard did not keep them, or they cannot be read.</p>
          <p>The averages in the table are complete.</p>
        </EmptyState>
      )}
    </Card>
  );
}

/** The label of the lowest F1 among those that some example has. */
function worstOf({per_class}: MatrixHeader): number {
  let worst = 0;
  let least = Number.POSITIVE_INFINITY;
  per_class.f1.forEach((f1, index) => {
    if (f1 === null || f1 >= least || !((per_class.support[index] ?? 0) > 0)) return;
    least = f1;
    worst = index;
  });
  return worst;
}

function subtitleOf(header: MatrixHeader): string {
  const parts = [plural(header.classes, 'label')];
  if (header.weighted) parts.push(`weight ${formatCount(header.total)}`);
  else parts.push(plural(header.total, 'example'));
  const each = header.total > 0 ? labelsEach(header) : null;
  if (each !== null) parts.push(`${each.toFixed(1)} labels each`);
  return parts.join(' \u00b7 ');
}

function Controls() {
  return (
    <div class="label-controls">
      <span class="bar-key">
        <i class="missed" /> missed
      </span>
      <span class="bar-key">
        <i class="hits" /> found
      </span>
      <span class="bar-key">
        <i class="wrong" /> wrongly predicted
      </span>
      <span class="grow" />
      <Segmented<BarScale>
        label="Bars"
        options={[
          {value: 'share', label: 'shares', title: 'Each bar is 100 % of what concerns its label'},
          {value: 'count', label: 'counts', title: 'All bars on one scale of examples'},
        ]}
        value={barScale.value}
        onChange={(value) => {
          barScale.value = value;
        }}
      />
      <Select
        label="Order of the labels"
        prefix="order"
        options={[
          {value: 'f1', label: 'worst F1'},
          {value: 'support', label: 'support'},
          {value: 'label', label: 'label'},
        ]}
        value={labelOrder.value}
        onChange={(value) => {
          labelOrder.value = value;
        }}
      />
    </div>
  );
}
