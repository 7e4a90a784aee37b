/** Where the refreshed line goes: rewritten in place on a terminal, one line per change elsewhere. */
export interface LiveView {
  show(line: string): void;
  close(): void;
}

const CLEAR_LINE = "\r\u001b[2K";

export function openLiveView(output: NodeJS.WriteStream): LiveView {
  let shown = "";
  if (!output.isTTY) {
    return {
      show: (line) => {
        if (line !== shown) output.write(`${line}\n`);
        shown = line;
      },
      close: () => {},
    };
  }
  return {
    show: (line) => {
      shown = line.slice(0, Math.max(20, output.columns - 1));
      output.write(`${CLEAR_LINE}${shown}`);
    },
    close: () => {
      if (shown !== "") output.write("\n");
    },
  };
}
