/** Characters of the line that the message shows: `intr` in /proc/stat has thousands. */
const SHOWN = 120;

/** A kernel file that does not read as its documentation says. The one error a `parseX` throws. */
export class ParseError extends Error {
  readonly path: string;
  /** 1-based; one past the last line when something is missing at the end. */
  readonly line: number;
  /** The offending line, "" when the file ends too early. */
  readonly text: string;

  constructor(path: string, line: number, text: string) {
    const what = text === "" ? "ends too early" : `cannot parse ${JSON.stringify(text.slice(0, SHOWN))}`;
    super(`${path}:${line}: ${what}`);
    this.name = "ParseError";
    this.path = path;
    this.line = line;
    this.text = text;
  }
}
