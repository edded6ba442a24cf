import type {ComponentChildren} from 'preact';
import {Icon} from './glyph.tsx';
import type {Option} from './segmented.tsx';

interface SelectProps<T extends string> {
  /** What is chosen here, for screen readers. */
  readonly label: string;
  /** Shown before the value: a word, a run's dot. */
  readonly prefix?: ComponentChildren;
  readonly options: readonly Option<T>[];
  readonly value: T;
  /** The whole of a value that its option's label cuts; shown on hover. */
  readonly title?: string | undefined;
  /** Why there is nothing to choose at the moment; shown on hover. */
  readonly disabledBecause?: string | undefined;
  onChange(value: T): void;
}

/** A native drop-down in our dress. */
export function Select<T extends string>({
  label,
  prefix,
  options,
  value,
  title,
  disabledBecause,
  onChange,
}: SelectProps<T>) {
  return (
    <span class={`select ${disabledBecause ? 'dimmed' : ''}`} title={disabledBecause ?? title}>
      {prefix ? <span class="select-prefix">{prefix}</span> : null}
      <select
        aria-label={label}
        value={value}
        disabled={disabledBecause !== undefined}
        onChange={(event) => {
          const chosen = options[event.currentTarget.selectedIndex];
          if (chosen) onChange(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled ?? false}>
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="down" />
    </span>
  );
}
