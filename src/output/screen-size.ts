/** The terminal that every action is shown on. */
export const COLUMNS = 160;
export const ROWS = 50;
