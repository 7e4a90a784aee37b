import { existsSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB, CtLab, IMAGE } from "../support/ct-lab.ts";
import { describeIf, hasCommand } from "../support/host.ts";

describeIf(...CT_LAB, hasCommand("mkfs.ext4"))("a machine's data disk", () => {
  const cleanup = new Cleanup();
  let lab: CtLab;
  beforeAll(async () => {
    lab = await CtLab.open(cleanup);
  });
  afterAll(() => cleanup.run());

  test("is made smaller while its machine is stopped, and not below what is in use", async () => {
    const [made] = await lab.json("create", "db", ...["--image", IMAGE, "--net", "front", "--disk", "128M"]);
    await lab.inside("db", "sh", "-c", "head -c 20000000 /dev/zero > /data/much; echo kept > /data/file");
    const shrink = (size: string, ...more: readonly string[]): ReturnType<CtLab["ct"]> =>
      lab.ct("resize", "db", "--disk", size, ...more);

    expect(await shrink("64M")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        "a data disk is made smaller while nothing uses it (hint: plimsoll ct stop db, then again)",
      ),
    });
    await lab.ct("stop", "db");
    expect((await shrink("16M")).stderr).toMatch(/of its data disk are in use/);
    expect((await shrink("64M", "--dry-run")).lines).toEqual([
      "db: unmount the data volume and shrink it from 128 MiB to 64 MiB",
      "db: mount the data volume",
    ]);
    expect(await shrink("64M")).toMatchObject({ code: 0, stderr: "" });

    expect((await lab.ct("start", "db")).code).toBe(0);
    expect(await lab.inside("db", "cat", "/data/file")).toBe("kept");
    const volume = join(lab.folder, "machines", "volumes", `${made?.id}`);
    const { blocks, bsize } = statfsSync(volume);
    expect(blocks * bsize).toBeLessThan(64 * 2 ** 20);
    expect((await lab.ct("repair", "db", "--dry-run")).stdout).toBe("nothing to do\n");

    await lab.ct("destroy", "db");
    expect(existsSync(`${volume}.img`)).toBe(false);
  });
});
