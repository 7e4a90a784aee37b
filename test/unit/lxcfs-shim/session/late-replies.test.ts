import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { LateReplies } from "../../../../lxcfs-shim/session/late-replies.ts";

test("replies are sent when their time has come, and none after the end", async () => {
  const sent: string[] = [];
  const late = new LateReplies({ send: (reply) => void sent.push(reply.toString()) });
  late.send(Buffer.from("second"), 20);
  late.send(new Uint8Array(Buffer.from("first")), 1);
  late.send(Buffer.from("never"), 60);
  await sleep(45);
  late.close();
  await sleep(40);

  expect(sent).toEqual(["first", "second"]);
});
