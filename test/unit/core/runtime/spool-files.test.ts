import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { spoolFiles } from "../../../../core/runtime/spool-files.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("a file's life", async () => {
  const path = join(cleanup.temporaryFolder(), "file");
  const fd = await spoolFiles.open(path, "wx+");
  await spoolFiles.write(fd, Buffer.from("hello"), 0);
  await spoolFiles.sync(fd);
  const bytes = Buffer.alloc(10);

  expect(await spoolFiles.read(fd, bytes, 1)).toBe(4);
  expect(bytes.toString("utf8", 0, 4)).toBe("ello");
  await spoolFiles.truncate(fd, 2);
  expect(await spoolFiles.read(fd, bytes, 0)).toBe(2);
  await spoolFiles.close(fd);
  await spoolFiles.unlink(path);
  await expect(spoolFiles.open(path, "r")).rejects.toMatchObject({ code: "ENOENT" });
});

test("errors are the system's", async () => {
  const full = await spoolFiles.open("/dev/full", "r+");

  await expect(spoolFiles.write(full, Buffer.from("x"), 0)).rejects.toMatchObject({ code: "ENOSPC" });
  await spoolFiles.close(full);
  await expect(spoolFiles.close(full)).rejects.toMatchObject({ code: "EBADF" });
});
