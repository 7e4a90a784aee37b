/** How many times slower than a machine of today this one may be: set in an emulated one. Times that a test waits at most are multiplied by it. */
export const PATIENCE: number = Number(process.env.PLIMSOLL_TEST_PATIENCE ?? 1);
