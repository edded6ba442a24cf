import {useEffect, useState} from 'preact/hooks';
import {Icon} from './glyph.tsx';

interface CopyButtonProps {
  readonly label: string;
  /** The text, made when the button is pressed. */
  text(): string;
  /** A bordered button instead of a link. */
  readonly bordered?: boolean;
}

/** Copies a text and says so for a moment. */
export function CopyButton({label, text, bordered = false}: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null);
  useEffect(() => {
    if (!outcome) return;
    const timeout = setTimeout(() => setOutcome(null), 1600);
    return () => clearTimeout(timeout);
  }, [outcome]);
  const copy = async () => setOutcome((await copyText(text())) ? 'copied' : 'failed');
  return (
    <button type="button" class={bordered ? 'button' : 'link'} onClick={copy}>
      <span aria-live="polite">
        {outcome === 'copied' ? (
          <>
            <Icon name="check" /> Copied
          </>
        ) : outcome === 'failed' ? (
          'Not allowed to copy'
        ) : (
          label
        )}
      </span>
    </button>
  );
}

/** The clipboard needs https or localhost; elsewhere a selected text area still works. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'unseen';
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}
