/**
 * What the plugin answers, as docs/http_api.md states it.
 *
 * Names are the wire's own (snake case). `null` is undefined; why stands in `reasons`.
 */

/** A value and its 95 % interval. */
export interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export type Task = 'binary' | 'multiclass' | 'multilabel' | 'regression' | 'unspecified';

export interface SeriesInfo {
  readonly name: string;
  readonly split: string;
  readonly head: string;
  readonly generation: number;
  readonly task: Task;
  readonly classes: number;
  readonly pos_label: number | null;
  readonly model: string;
  readonly model_version: string;
  readonly framework: string;
  readonly kinds: readonly string[];
  readonly last_step: number;
}

export interface FitInfo {
  readonly name: string;
  readonly quantity: string;
  readonly head: string;
  readonly generation: number;
  readonly higher_is_better: boolean;
  readonly last_step: number;
}

export interface Unreadable {
  readonly tag: string;
  readonly reason: string;
}

export interface RunInfo {
  readonly run: string;
  readonly token: string;
  readonly last_step: number | null;
  readonly last_wall_time: number | null;
  readonly series: readonly SeriesInfo[];
  readonly fit: readonly FitInfo[];
  readonly unreadable: readonly Unreadable[];
}

/** GET /runs */
export interface Listing {
  readonly version: number;
  readonly token: string;
  readonly logdir: string;
  readonly runs: readonly RunInfo[];
  readonly cut: string | null;
}

export type VerdictState = 'rose' | 'no_rise' | 'too_short' | 'not_judged';
export type Tier = 'act' | 'fine' | 'unknown';

export interface Verdict {
  readonly state: VerdictState;
  readonly tier: Tier;
  readonly label: string;
  readonly quantity: string;
  readonly since_step: number | null;
  /** Of the recent mean, relative to the best value; null = no number. */
  readonly rise: number | null;
}

export interface Attention {
  readonly run: string;
  readonly name: string;
  readonly page: 'classes' | 'fit';
  readonly state: string;
  readonly text: string;
  readonly advice: string;
}

/** A curve of at most 60 points; a null value is undefined there. */
export interface ShortCurve {
  readonly step: readonly number[];
  readonly value: readonly (number | null)[];
}

export interface WorstClass {
  readonly index: number;
  readonly name: string;
  readonly f1: number | null;
  readonly read_as: string | null;
  readonly read_as_share: number | null;
}

export interface Alert {
  readonly kind: string;
  readonly text: string;
}

export interface Best {
  readonly step: number;
  readonly value: number;
}

/** Hits among the k best scores. */
export interface TopK {
  readonly k: number;
  readonly accuracy: number;
}

export interface OverviewRow {
  readonly run: string;
  readonly name: string;
  readonly split: string;
  readonly head: string;
  readonly generation: number;
  readonly task: Task;
  readonly first_of_run: boolean;
  readonly examples: number | null;
  readonly weighted: boolean;
  readonly verdict: Verdict | null;
  readonly f1_macro: Estimate | null;
  readonly accuracy: Estimate | null;
  readonly top_k: TopK | null;
  readonly worst_class: WorstClass | null;
  readonly loss: {readonly train: number | null; readonly validation: number | null} | null;
  readonly gap: number | null;
  readonly gap_at_best: number | null;
  readonly best: Best | null;
  readonly last_step: number | null;
  readonly last_wall_time: number | null;
  readonly curves: {
    readonly f1_macro?: ShortCurve | null;
    readonly train?: ShortCurve | null;
    readonly validation?: ShortCurve | null;
  };
  readonly alerts: readonly Alert[];
}

/** Why a column's value is null. */
export type Reasons = Readonly<Record<string, string>>;

/** GET /overview */
export interface Overview {
  readonly version: number;
  readonly token: string;
  readonly counts: {readonly act: number; readonly fine: number; readonly unknown: number};
  readonly attention: readonly Attention[];
  readonly rows: readonly OverviewRow[];
  readonly reasons: Reasons;
  readonly cut: string | null;
}

/** GET /steps */
export interface Steps {
  readonly version: number;
  readonly run: string;
  readonly name: string;
  readonly step: readonly number[];
  readonly wall_time: readonly number[];
  readonly has_matrix: readonly (0 | 1)[];
  readonly kept: Readonly<Record<string, number>>;
  readonly logged: Readonly<Record<string, number>>;
  readonly dropped: number;
  readonly cut: string | null;
}

export interface AverageScores {
  readonly precision: Estimate;
  readonly recall: Estimate;
  readonly f1: Estimate;
}

/** One number per class; null = undefined. */
export type PerClass = readonly (number | null)[];

/** Header of GET /matrix. */
export interface MatrixHeader {
  readonly version: number;
  readonly run: string;
  readonly name: string;
  readonly step: number;
  readonly wall_time: number;
  readonly task: Task;
  readonly classes: number;
  readonly pos_label: number | null;
  readonly class_names: readonly string[];
  readonly named: boolean;
  readonly total: number;
  readonly weighted: boolean;
  readonly normalised: boolean;
  readonly nan: number;
  readonly ignored: number;
  readonly dropped: number;
  readonly error_bound: number;
  readonly averages: {
    readonly accuracy: Estimate;
    readonly macro: AverageScores;
    readonly micro: AverageScores;
    readonly weighted: AverageScores;
  };
  readonly per_class: {
    readonly support: PerClass;
    readonly predicted: PerClass;
    readonly true_positives: PerClass;
    readonly precision: PerClass;
    readonly precision_low: PerClass;
    readonly precision_high: PerClass;
    readonly recall: PerClass;
    readonly recall_low: PerClass;
    readonly recall_high: PerClass;
    readonly f1: PerClass;
    readonly f1_low: PerClass;
    readonly f1_high: PerClass;
    /** Multi-label: examples of which the label is known; null otherwise. */
    readonly examples: PerClass | null;
  };
  readonly top_k: TopK | null;
  readonly reasons: Reasons;
  readonly passport: {
    readonly classes_present: number;
    readonly macro_f1_all_classes: number | null;
    readonly f1_of_mean_precision_recall: number | null;
    readonly text: string;
  };
  readonly layout: 'csr' | 'none';
  readonly layout_reason: string | null;
  readonly cut: string | null;
}

export interface MatrixArrays {
  readonly indptr: Uint32Array;
  readonly indices: Uint16Array | Uint32Array;
  readonly counts: Uint8Array | Uint16Array | Uint32Array | Float64Array;
}

export type Metric = 'precision' | 'recall' | 'f1' | 'accuracy';
export type Average = 'macro' | 'micro' | 'weighted';

export interface SeriesCurve {
  readonly run: string;
  readonly average: Average | null;
  readonly class: number | null;
  readonly label: string;
  readonly start: number;
  readonly length: number;
  readonly kept: number;
  readonly logged: number;
}

/** Header of GET /series. */
export interface SeriesHeader {
  readonly version: number;
  readonly metric: Metric;
  readonly name: string;
  readonly curves: readonly SeriesCurve[];
  readonly cut: string | null;
}

/** NaN = undefined. */
export interface SeriesArrays {
  readonly step: Float64Array;
  readonly wall_time: Float64Array;
  readonly value: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** Where a curve lies in the arrays of its frame. */
export interface Span {
  readonly start: number;
  readonly length: number;
}

export interface FitVerdict extends Verdict {
  readonly recent_mean: number | null;
  readonly recent_count: number;
  readonly threshold: number | null;
  readonly evaluations: number;
  readonly rule: string;
}

export interface NotNumbers {
  readonly times: number;
  /** From which step on none is a number; null = the last value is one. */
  readonly since_step: number | null;
}

export interface FitCurve {
  readonly run: string;
  readonly name: string;
  readonly head: string;
  readonly generation: number;
  /** What its steps stand for: "step", or "training size". */
  readonly over: string;
  readonly higher_is_better: boolean;
  readonly train: Span;
  readonly validation: Span;
  readonly best: Best | null;
  readonly end: {
    readonly train: number | null;
    readonly validation: number | null;
    readonly gap: number | null;
  };
  readonly gap_at_best: number | null;
  /** Values that are NaN or infinite; null where all are numbers. */
  readonly not_numbers: {
    readonly train: NotNumbers | null;
    readonly validation: NotNumbers | null;
  };
  readonly verdict: FitVerdict;
  /** Steps that TensorBoard kept of those logged. */
  readonly kept: number;
  readonly logged: number;
  readonly dropped: number;
}

/** Header of GET /fit. */
export interface FitHeader {
  readonly version: number;
  readonly quantity: string;
  readonly quantities: readonly string[];
  readonly curves: readonly FitCurve[];
  readonly reasons: Reasons;
  readonly cut: string | null;
}

export interface FitArrays {
  readonly train_step: Float64Array;
  readonly train_wall_time: Float64Array;
  readonly train_value: Float64Array;
  readonly validation_step: Float64Array;
  readonly validation_wall_time: Float64Array;
  readonly validation_value: Float64Array;
}
