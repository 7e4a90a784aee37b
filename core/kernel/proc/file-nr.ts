import { parseFields, parseOneLine, parseUnsigned } from "../lines.ts";

/*
 * 637	0	2466170
 *
 * Documentation/admin-guide/sysctl/fs.rst, "file-max & file-nr". The second is 0 on every kernel since 2.6.
 */

export interface FileHandles {
  readonly allocated: number;
  readonly maximum: number;
}

export function parseFileNr(text: string, path = "sys/fs/file-nr"): FileHandles {
  const line = parseOneLine(text, path);
  const [allocated, , maximum] = parseFields(line.text);
  return { allocated: parseUnsigned(allocated, line), maximum: parseUnsigned(maximum, line) };
}
