import {EmptyState} from '../elements/notes.tsx';

export function FitPage() {
  return <EmptyState title="Fit" />;
}
