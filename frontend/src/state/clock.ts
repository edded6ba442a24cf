/** The time, in whole seconds since the epoch, while the tab is on screen. */

import {signal} from '@preact/signals';
import {isShown} from '../host.ts';

export const now = signal(Math.floor(Date.now() / 1000));

setInterval(() => {
  if (isShown()) now.value = Math.floor(Date.now() / 1000);
}, 1000);
