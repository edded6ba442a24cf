import {EmptyState} from '../elements/notes.tsx';

export function OverviewPage() {
  return <EmptyState title="Overview" />;
}
