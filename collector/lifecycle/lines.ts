import { PlimsollError } from "../../core/runtime/errors.ts";

/** One line of a stream of events: a container may have many labels, not a book. */
const LONGEST_LINE = 1024 * 1024;

/** The whole lines of a stream, as they come. Throws where one has no end. */
export async function* linesOf(body: AsyncIterable<Buffer>, who: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST_LINE) throw new PlimsollError("STREAM", `${who}: an event without an end`);
    yield* lines;
  }
}
