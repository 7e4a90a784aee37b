import { expect, test } from "vitest";
import { separateFileSystems } from "../../../../provisioner/container/built-in.ts";

test("a /usr of its own is shown to the container, the rest of the host's mounts is not", () => {
  const mountinfo = [
    "22 1 254:0 / / rw - ext4 /dev/vda rw",
    "30 22 254:1 / /usr ro - ext4 /dev/vdb ro",
    "31 22 254:2 / /home rw - ext4 /dev/vdc rw",
    "32 22 0:5 / /dev rw - devtmpfs devtmpfs rw",
  ].join("\n");

  expect(separateFileSystems(mountinfo)).toEqual(["/usr"]);
});
