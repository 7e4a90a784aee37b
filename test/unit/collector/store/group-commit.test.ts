import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../../../collector/store/database.ts";
import { GroupCommit } from "../../../../collector/store/group-commit.ts";

test("what comes together is written together, in order", async () => {
  const commits = new GroupCommit(openMemoryDatabase(), 1);
  const order: string[] = [];
  const write = (name: string) =>
    commits.add(() => void order.push(name)).then(() => order.push(`${name} durable`));
  const both = Promise.all([write("a"), write("b")]);
  expect(order).toEqual([]);
  await both;
  expect(order).toEqual(["a", "b", "a durable", "b durable"]);
  commits.flush();
});

test("one that fails leaves nothing of the others, and is told to all", async () => {
  const database = openMemoryDatabase();
  const commits = new GroupCommit(database);
  const insert = database.prepare("INSERT INTO history VALUES (?, ?)");
  const undone: string[] = [];
  const results = Promise.allSettled([
    commits.add(
      () => insert.run(1, "a"),
      () => undone.push("a"),
    ),
    commits.add(() => insert.run(1, "twice")),
  ]);
  commits.flush();
  expect(undone).toEqual(["a"]);
  expect((await results).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(database.prepare("SELECT * FROM history").all()).toEqual([]);
  expect(commits.failures).toBe(1);
});
