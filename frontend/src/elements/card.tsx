import type {ComponentChildren} from 'preact';

interface CardProps {
  readonly title: ComponentChildren;
  /** What is drawn, in a few words: the range, the interval, the order. */
  readonly subtitle?: ComponentChildren;
  /** Controls, at the right end of the head. */
  readonly actions?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A white sheet with a head. */
export function Card({title, subtitle, actions, children, ...rest}: CardProps) {
  return (
    <section class={`card ${rest.class ?? ''}`}>
      <header class="card-head">
        <h2>{title}</h2>
        {subtitle ? <span class="card-subtitle">{subtitle}</span> : null}
        {actions ? <div class="card-actions">{actions}</div> : null}
      </header>
      {children}
    </section>
  );
}
