import {useId} from 'preact/hooks';

export interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
  /** Shown on hover. */
  readonly title?: string;
  readonly disabled?: boolean;
}

interface SegmentedProps<T extends string> {
  /** What is chosen here, for screen readers. */
  readonly label: string;
  readonly options: readonly Option<T>[];
  readonly value: T;
  onChange(value: T): void;
}

/** A few choices side by side, one of them on. Native radios: arrows move. */
export function Segmented<T extends string>({label, options, value, onChange}: SegmentedProps<T>) {
  const group = useId();
  return (
    <fieldset class="segmented">
      <legend class="unseen">{label}</legend>
      {options.map((option) => (
        <label key={option.value} class={option.value === value ? 'on' : ''} title={option.title}>
          <input
            type="radio"
            class="unseen"
            name={group}
            checked={option.value === value}
            disabled={option.disabled ?? false}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
