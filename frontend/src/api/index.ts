export * from './client.ts';
export type {Frame} from './frame.ts';
export * from './types.ts';
export {type Answer, useAnswer} from './use_answer.ts';
