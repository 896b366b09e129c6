/** The version of the panel; the package's own is the same. */
export const VERSION = '0.1.0';
