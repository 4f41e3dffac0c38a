/** Where the client says what nobody waits for: breaks, gaps, damage. `console` is one. */
export interface Logger {
  /** Takes one line of text. */
  warn(line: string): void;
}
