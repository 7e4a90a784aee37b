import { expect, test } from "vitest";
import { virtualProc } from "../../../../agent/sources/virtual-proc.ts";
import { recordLog } from "../../../support/record-log.ts";
import { openSource, tickIn } from "../../../support/source-context.ts";

const PROC = "613 612 0:64 / /proc rw - proc proc rw\n";
const OWN = "621 613 0:80 /proc/stat /proc/stat rw - fuse.plimsoll plimsoll rw\n";
const FRESH = "700 612 0:99 / /proc rw - proc proc rw\n";

function open() {
  const log = recordLog();
  const ask = openSource(virtualProc, {}, { log });
  return {
    log,
    virtualIn: async (mountinfo: string) =>
      (await ask(tickIn({ "/proc/self/mountinfo": mountinfo })))
        .filter(({ samples }) => samples[0]?.value === 1)
        .map(({ labels }) => labels.file),
  };
}

test("a file of a FUSE mount on the uppermost /proc is the container's own; changes are logged once", async () => {
  const { log, virtualIn } = open();
  expect(await virtualIn(PROC + OWN)).toEqual(["/proc/stat"]);
  expect(await virtualIn(`${PROC}${OWN}800 612 0:81 / /data rw - ext4 /dev/vdb rw\n`)).toEqual([
    "/proc/stat",
  ]);
  expect(await virtualIn(PROC + OWN + FRESH)).toEqual([]);
  expect(await virtualIn(PROC)).toEqual([]);

  expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    "info these files of /proc are the container's own",
    "warn another /proc hides the container's own: what is pushed is the host's",
    "warn /proc is no longer the container's own but the host's",
  ]);
});

test("a host is none from the start, which is worth no line", async () => {
  const { log, virtualIn } = open();

  expect(await virtualIn(PROC)).toEqual([]);
  expect(log.lines).toEqual([]);
});
