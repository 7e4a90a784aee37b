import { expect, test } from "vitest";
import { filesystem } from "../../../../agent/sources/filesystem.ts";
import { openSource, SPACE, sampleLines, tickIn } from "../../../support/source-context.ts";

test("what is mounted for data, and the root whatever it is; the last mount on a point counts", async () => {
  const lines = sampleLines(await openSource(filesystem)(tickIn())).filter((line) =>
    line.startsWith("node_filesystem_size"),
  );

  expect(lines).toEqual([
    'node_filesystem_size_bytes{device="overlay",fstype="overlay",mountpoint="/"} 4096000',
    'node_filesystem_size_bytes{device="/dev/vda1",fstype="ext4",mountpoint="/etc/resolv.conf"} 4096000',
    'node_filesystem_size_bytes{device="/dev/mapper/vg-data",fstype="xfs",mountpoint="/data disk"} 4096000',
    'node_filesystem_size_bytes{device="filer:/export/old",fstype="nfs4",mountpoint="/srv/old"} 4096000',
    'node_filesystem_size_bytes{device="scratch",fstype="tmpfs",mountpoint="/srv/media"} 4096000',
  ]);
});

test("bytes, inodes, and read-only by the mount or by the file system", async () => {
  const lines = sampleLines(await openSource(filesystem)(tickIn()));
  const of = (mountPoint: string): string[] =>
    lines
      .filter((line) => line.includes(`"${mountPoint}"`))
      .map((line) => line.replace(/^node_filesystem_|\{.*\}/g, ""));

  expect(of("/")).toEqual([
    "avail_bytes 1228800",
    "device_error 0",
    "files 50",
    "files_free 20",
    "free_bytes 1638400",
    "readonly 0",
    "size_bytes 4096000",
  ]);
  expect(of("/srv/old")).toContain("readonly 1");
  expect(of("/data disk")).toContain("readonly 1");
});

test("who has to answer is known before anybody is asked", async () => {
  const asked: [string, string][] = [];
  const statfs = async (path: string, waitsFor: string) => {
    asked.push([path, waitsFor]);
    return SPACE;
  };
  const mountinfo = `${[
    "1 0 0:1 / / rw - overlay overlay rw",
    "2 1 8:1 / /data rw - ext4 /dev/sda1 rw",
    "3 1 0:3 / /srv rw - nfs4 filer:/srv rw",
    "4 3 0:4 / /srv/fast rw - tmpfs scratch rw",
    "5 1 0:5 / /new rw - somefs somewhere rw",
  ].join("\n")}\n`;
  await openSource(filesystem)(tickIn({ "/proc/self/mountinfo": mountinfo }, { statfs }));

  expect(asked).toEqual([
    ["/", "disk"],
    ["/data", "nobody"],
    ["/srv", "others"],
    ["/srv/fast", "others"],
    ["/new", "others"],
  ]);
});

test("a mount that does not answer shows an error and costs no other", async () => {
  const statfs = async (path: string) => (path === "/srv/old" ? Promise.reject(new Error("stuck")) : SPACE);
  const lines = sampleLines(await openSource(filesystem)(tickIn({}, { statfs })));

  expect(lines.filter((line) => line.includes('"/srv/old"'))).toEqual([
    'node_filesystem_device_error{device="filer:/export/old",fstype="nfs4",mountpoint="/srv/old"} 1',
  ]);
  expect(lines.filter((line) => line.startsWith("node_filesystem_files{"))).toHaveLength(4);
});
