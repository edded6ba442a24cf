/** Small drawings: one per verdict, in the shape of its own curve, and the icons of controls. */

const GLYPHS = new Map<string, readonly (readonly [path: string, dash?: string])[]>([
  ['rose', [['M1 2 C4 7.5 7 7.5 9 6.5 S13 3.5 15 2.5'], ['M1 4 C4 9.5 8 10.5 15 11', '2 1.6']]],
  ['no_rise', [['M1 2 C4 8 7 9 15 9'], ['M1 4 C4 10.5 7 11.3 15 11.3', '2 1.6']]],
  ['too_short', [['M1 3 C2.5 5.5 3.5 6.5 5 7.5'], ['M7.5 8.5h.01M10.5 9h.01M13.5 9.3h.01']]],
  ['not_judged', [['M1 10.5 C4 7.5 8 7 15 6.8'], ['M1 2 C4 4.6 8 5 15 5.2', '2 1.6']]],
  ['nan_loss', [['M1 9 C5 9 8 8.5 10 1'], ['M12 2.5l3 3M15 2.5l-3 3']]],
  ['lost', [['M1 3h6v6.5h8M12.5 7l2.5 2.5-2.5 2.5']]],
]);

/** The glyph of a verdict's or an alert's state; a triangle where it has none. */
export function Glyph({state, size = 16}: {readonly state: string; readonly size?: number}) {
  const paths = GLYPHS.get(state);
  if (!paths) return <Icon name="alert" />;
  return (
    <svg
      class="glyph"
      viewBox="0 0 16 13"
      width={size}
      height={(size * 13) / 16}
      aria-hidden="true"
    >
      {paths.map(([path, dash]) => (
        <path key={path} d={path} stroke-dasharray={dash} />
      ))}
    </svg>
  );
}

const ICONS = {
  alert: {size: 12, path: 'M6 1.2L11.2 10.6H.8zM6 4.6v2.6M6 8.7v.4'},
  search: {size: 14, path: 'M10.25 6a4.25 4.25 0 1 1-8.5 0a4.25 4.25 0 0 1 8.5 0zM9.3 9.3L13 13'},
  down: {size: 8, path: 'M0.5 2l3.5 4l3.5-4'},
  sortDown: {size: 8, path: 'M4 0.5v7M1 4.5l3 3l3-3'},
  sortUp: {size: 8, path: 'M4 7.5v-7M1 3.5l3-3l3 3'},
  close: {size: 10, path: 'M2 2l6 6M8 2l-6 6'},
  check: {size: 12, path: 'M2 6.5l3 3l5-7'},
  info: {size: 12, path: 'M11.2 6a5.2 5.2 0 1 1-10.4 0a5.2 5.2 0 0 1 10.4 0zM6 5.5v3M6 3.3v.3'},
  copy: {size: 12, path: 'M4 4h6.5v7H4zM2 8V1h6.5'},
} as const;

export type IconName = keyof typeof ICONS;

export function Icon({name}: {readonly name: IconName}) {
  const {size, path} = ICONS[name];
  return (
    <svg class="icon" viewBox={`0 0 ${size} ${size}`} width={size} height={size} aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
