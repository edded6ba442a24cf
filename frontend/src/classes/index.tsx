import {EmptyState} from '../elements/notes.tsx';

export function ClassesPage() {
  return <EmptyState title="Classes" />;
}
