/** Whether there is a real keyboard, as far as one can tell: one on glass covers half of the page. */
export const hasKeyboard = (): boolean => matchMedia('(hover: hover) and (pointer: fine)').matches;
