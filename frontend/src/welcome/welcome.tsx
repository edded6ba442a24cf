import type {Listing} from '../api/types.ts';
import {EmptyState} from '../elements/notes.tsx';

/** What to paste into a training loop, where nothing has been logged yet. */
export function Welcome({listing}: {readonly listing: Listing}) {
  return <EmptyState title="No runs of ours yet">{listing.logdir}</EmptyState>;
}
