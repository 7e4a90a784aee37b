import { expect, test } from "vitest";
import type { Exec } from "../../../../core/runtime/exec.ts";
import { connectLink, createLink, removeLink } from "../../../../provisioner/container/link.ts";

const link = { hostInterface: "plim0", address: "10.9.8.2", gateway: "10.9.8.1", prefixLength: 30 };

/** Records the commands; `ip link show` answers with `shown`. */
function recorder(shown = ""): { readonly commands: string[]; readonly run: Exec } {
  const commands: string[] = [];
  const run: Exec = async (argv) => {
    commands.push(argv.join(" "));
    return { stdout: shown, stderr: "", code: 0 };
  };
  return { commands, run };
}

test("the host's end has its address before the container exists", async () => {
  const { commands, run } = recorder();

  await createLink(link, run);

  expect(commands).toEqual([
    "ip link add plim0 type veth peer name plim0p",
    "ip address add 10.9.8.1/30 dev plim0",
    "ip link set plim0 up",
  ]);
});

test("the container's end becomes eth0 with the default route", async () => {
  const { commands, run } = recorder();

  await connectLink(link, 42, run);

  const inside = "nsenter --target 42 --net -- ip";
  expect(commands).toEqual([
    "ip link set plim0p netns 42 name eth0",
    `${inside} link set lo up`,
    `${inside} address add 10.9.8.2/30 dev eth0`,
    `${inside} link set eth0 up`,
    `${inside} route add default via 10.9.8.1`,
  ]);
});

test("removes only a link that is there, by its whole name", async () => {
  const there = recorder("1: lo: <UP>\n7: plim0@if6: <UP>\n");
  const similar = recorder("7: plim01@if6: <UP>\n");

  await removeLink("plim0", there.run);
  await removeLink("plim0", similar.run);

  expect(there.commands).toEqual(["ip -o link show", "ip link delete plim0"]);
  expect(similar.commands).toEqual(["ip -o link show"]);
});
