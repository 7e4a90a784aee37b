import { expect, test } from "vitest";
import { filefd } from "../../../../agent/sources/filefd.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("allocated and maximum", async () => {
  expect(
    sampleLines(await openSource(filefd)(tickIn({ "/proc/sys/fs/file-nr": "637\t0\t2466170\n" }))),
  ).toEqual(["node_filefd_allocated 637", "node_filefd_maximum 2466170"]);
});
