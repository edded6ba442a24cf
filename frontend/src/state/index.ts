export * from './colors.ts';
export * from './runs.ts';
export {dark, token} from './theme.ts';
export * as codec from './url.ts';
export {urlState} from './url.ts';
export * from './view.ts';
