import { expect, test } from "vitest";
import { parseDockerfile } from "../../../../provisioner/images/dockerfile.ts";

const parse = (...lines: readonly string[]) => parseDockerfile("Dockerfile", lines.join("\n"));

test("instructions, with where they begin", () => {
  expect(
    parse("# syntax=x", "", "from debian:12", "  RUN a &&\\", "  # why", "", "    b", "USER app"),
  ).toEqual([
    { name: "FROM", text: "debian:12", line: 3 },
    { name: "RUN", text: "a && b", line: 4 },
    { name: "USER", text: "app", line: 8 },
  ]);
});

test("another mark for lines that go on", () => {
  expect(parse("# escape=`", "RUN a `", "  b \\")).toEqual([{ name: "RUN", text: "a  b \\", line: 2 }]);
});

test("here-documents, one or several", () => {
  expect(
    parse(
      "RUN <<END bash",
      "USER is no instruction here",
      "END",
      "COPY <<'A' <<-B /x",
      "a",
      "A",
      "b",
      "\tB",
      "USER app",
    ),
  ).toEqual([
    { name: "RUN", text: "<<END bash\nUSER is no instruction here", line: 1 },
    { name: "COPY", text: "<<'A' <<-B /x\na\nb", line: 4 },
    { name: "USER", text: "app", line: 9 },
  ]);
  expect(() => parse("RUN <<END", "x")).toThrow("END does not end");
});

test("what is no Dockerfile", () => {
  expect(() => parse("FROM x", "INSTALL y")).toThrow('Dockerfile:2: "INSTALL" is no instruction');
  expect(parse("")).toEqual([]);
});
