import { expect, test } from "vitest";
import { NoData } from "../../../../agent/source-kind.ts";
import { os } from "../../../../agent/sources/os.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("what os-release says, and the version as a number", async () => {
  const labels = 'id="debian",name="Debian GNU/Linux"';

  expect(sampleLines(await openSource(os)(tickIn()))).toEqual([
    `node_os_info{${labels},pretty_name="Debian GNU/Linux 12 (bookworm)",version="12 (bookworm)",version_codename="bookworm",version_id="12"} 1`,
    `node_os_version{${labels}} 12`,
  ]);
});

test("loaded once an hour, from the second place where the first has none", async () => {
  const loaded: string[] = [];
  const load = async (path: string) => {
    loaded.push(path);
    if (path.startsWith("/etc")) throw Object.assign(new Error("none"), { code: "ENOENT" });
    return { text: "ID=rolling\nPRETTY_NAME='It\\'s'\n", mtimeMs: 0 };
  };
  const ask = openSource(os);
  for (const nowMs of [0, 10_000, 3_600_000]) {
    expect(sampleLines(await ask(tickIn({}, { nowMs, load })))).toEqual([
      'node_os_info{id="rolling",pretty_name="It\'s"} 1',
    ]);
  }

  expect(loaded).toHaveLength(4);
});

test("no data where there is none, an error where it cannot be read", async () => {
  const failing = (code: string) => ({
    load: () => Promise.reject(Object.assign(new Error(code), { code })),
  });

  await expect(openSource(os)(tickIn({}, failing("ENOENT")))).rejects.toBeInstanceOf(NoData);
  await expect(openSource(os)(tickIn({}, failing("EACCES")))).rejects.toThrow("EACCES");
});
