import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Snapshots, type TextSource } from "../../../../lxcfs-shim/file-system/snapshots.ts";
import { openNotebook } from "../../../../lxcfs-shim/succession/notebook.ts";

const NODE = 7;

/** Renders "render 1", "render 2" … */
function counting() {
  let renders = 0;
  const render = (): Uint8Array => {
    renders += 1;
    return Buffer.from(`render ${renders}`);
  };
  return { ...by("web", render), count: () => renders };
}

/** What a reader of that container gets. */
function by(owner: string, render: () => Uint8Array): TextSource {
  return { owner: () => owner, render: () => ({ owner, text: render() }) };
}

function text(data: Uint8Array): string {
  return Buffer.from(data).toString();
}

test("slices of any offset and size put together are the whole file", () => {
  const file = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(file, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (whole, sizes) => {
      const snapshots = new Snapshots(0);
      const handle = snapshots.open();
      const pieces: Uint8Array[] = [];
      for (let offset = 0, index = 0; ; index += 1) {
        const size = sizes[index % sizes.length] ?? 1;
        const piece = snapshots.read(
          { node: NODE, handle, offset, size },
          by("web", () => whole),
        );
        if (piece.length === 0) break;
        pieces.push(piece);
        offset += piece.length;
      }

      expect(Buffer.concat(pieces)).toEqual(Buffer.from(whole));
    }),
  );
});

describe("one open file", () => {
  test("is one moment until it is read from the beginning again", () => {
    const source = counting();
    const snapshots = new Snapshots(0);
    const handle = snapshots.open();
    const read = (offset: number, size = 100) =>
      text(snapshots.read({ node: NODE, handle, offset, size }, source));

    expect(read(0, 3)).toBe("ren");
    expect(read(3)).toBe("der 1");
    expect(read(0)).toBe("render 2");
    expect(read(7)).toBe("2");
    expect(read(8)).toBe("");
    expect(read(1000)).toBe("");
  });

  test("read in the middle first is rendered then", () => {
    const source = counting();
    const snapshots = new Snapshots(0);
    const handle = snapshots.open();

    expect(text(snapshots.read({ node: NODE, handle, offset: 7, size: 9 }, source))).toBe("1");
    expect(source.count()).toBe(1);
  });

  test("is forgotten when it is closed", () => {
    const snapshots = new Snapshots(0);
    const handle = snapshots.open();
    snapshots.read({ node: NODE, handle, offset: 0, size: 9 }, counting());
    snapshots.release(handle);
    snapshots.release(handle);

    expect([snapshots.size, snapshots.bytes]).toEqual([0, 0]);
  });
});

describe("a server that took over", () => {
  test("goes on with the text its predecessor began, and only with that", () => {
    const notebook = openNotebook();
    const source = counting();
    const old = new Snapshots(1000, notebook);
    const [read, closed] = [old.open(), old.open()];
    for (const handle of [read, closed]) old.read({ node: NODE, handle, offset: 0, size: 3 }, source);
    old.release(closed);
    const next = new Snapshots(2000, notebook);
    const rest = (offset: number, again?: boolean) =>
      text(next.read({ node: NODE, handle: read, offset, size: 100, again }, source));

    expect([next.size, next.bytes]).toEqual([1, 8]);
    expect(rest(3)).toBe("der 1");
    expect(rest(0, true)).toBe("render 1");
    expect(rest(0)).toBe("render 3");
    expect(new Snapshots(3000, notebook).bytes).toBe(8);
  });

  test("asked again what may have been answered at one go, it adds nothing to that", () => {
    const source = counting();
    const old = new Snapshots(1000);
    const handle = old.open();
    old.read({ node: NODE, handle, offset: 0, size: 100 }, source);
    const next = new Snapshots(2000);
    const longer = by("web", () => Buffer.from("a longer text"));

    expect(text(next.read({ node: NODE, handle, offset: 0, size: 100, again: true }, longer))).toBe(
      "a longer text",
    );
    expect(text(next.read({ node: NODE, handle, offset: 8, size: 100 }, longer))).toBe("");
    expect(next.size).toBe(0);
  });

  test("knows that who read all of a text at one go is at its end", () => {
    const notebook = openNotebook();
    const source = counting();
    const old = new Snapshots(1000, notebook);
    const handle = old.open();
    old.read({ node: NODE, handle, offset: 0, size: 100 }, source);
    expect([...notebook.keys()]).toEqual([]);
    const next = new Snapshots(2000, notebook);
    const longer = by("web", () => Buffer.from("a longer text"));

    expect(text(next.read({ node: NODE, handle, offset: 8, size: 9 }, longer))).toBe("");
    expect(text(next.read({ node: NODE, handle, offset: 0, size: 9 }, longer))).toBe("a longer ");
  });

  test("gives nobody the rest of another text when it found an old one", () => {
    const notebook = openNotebook();
    const source = counting();
    const old = new Snapshots(1000, notebook);
    const handle = old.open();
    old.read({ node: NODE, handle, offset: 0, size: 3 }, source);
    const outdated = Object.assign(openNotebook(), { isOutdated: true });
    for (const key of notebook.keys()) outdated.put(key, notebook.get(key) ?? Buffer.alloc(0));
    const next = new Snapshots(2000, outdated);
    const later = new Snapshots(3000, Object.assign(outdated, { isOutdated: false }));

    for (const each of [next, later]) {
      const rest = (offset: number) => text(each.read({ node: NODE, handle, offset, size: 3 }, source));
      expect(() => rest(3)).toThrow("its text was lost with another server");
      expect([rest(0), rest(3)]).toEqual(["ren", "der"]);
      each.release(handle);
    }
  });

  test("renders for a handle it has not given out, and keeps that", () => {
    const source = counting();
    const snapshots = new Snapshots(0);
    const read = (offset: number) =>
      text(snapshots.read({ node: NODE, handle: 99, offset, size: 6 }, source));

    expect(read(2)).toBe("nder 1");
    expect(read(7)).toBe("1");
  });

  test("gives out other handles than the one before", () => {
    const before = new Snapshots(1_700_000_000_000);
    const after = new Snapshots(1_700_000_000_001);
    const used = Array.from({ length: 2000 }, () => before.open());

    expect(used).not.toContain(after.open());
    expect(Number.isSafeInteger(after.open())).toBe(true);
  });

  test("does not serve one file's text through a handle of another", () => {
    const source = counting();
    const snapshots = new Snapshots(0);
    const handle = snapshots.open();
    snapshots.read({ node: NODE, handle, offset: 0, size: 9 }, source);

    expect(text(snapshots.read({ node: 8, handle, offset: 7, size: 9 }, source))).toBe("2");
  });
});

test("thousands of large files kept open cost no more than the bound", () => {
  const snapshots = new Snapshots(0);
  const megabyte = new Uint8Array(2 ** 20);
  const handles = Array.from({ length: 100 }, () => snapshots.open());
  for (const handle of handles)
    snapshots.read(
      { node: NODE, handle, offset: 0, size: 1 },
      by("web", () => megabyte),
    );

  expect(snapshots.bytes).toBe(32 * 2 ** 20);
  // The oldest are rendered anew when somebody goes on reading.
  const again = snapshots.read(
    { node: NODE, handle: handles[0] ?? 0, offset: 2 ** 20 - 1, size: 9 },
    by("web", () => megabyte),
  );
  expect(again).toHaveLength(1);
});

test("a descriptor that is passed on shows its new reader a text of its own, from any offset, and again the first", () => {
  const snapshots = new Snapshots(0);
  const handle = snapshots.open();
  const read = (owner: string, offset: number): string =>
    text(
      snapshots.read(
        { node: NODE, handle, offset, size: 9 },
        by(owner, () => Buffer.from(`of ${owner}`)),
      ),
    );

  expect(read("web", 0)).toBe("of web");
  expect(read("db", 3)).toBe("db");
  expect(read("web", 1)).toBe("f web");
  expect(read("db", 6)).toBe("");
  snapshots.release(handle);
  expect([snapshots.size, snapshots.bytes]).toEqual([0, 0]);
});

test("whoever keeps the most texts loses them first; a file that is only open is nothing to keep", () => {
  const snapshots = new Snapshots(0);
  const megabyte = new Uint8Array(2 ** 20);
  const read = (owner: string, handle: number, offset = 0): TextSource & { renders: number } => {
    const source = { renders: 0, ...by(owner, () => megabyte) };
    const render = source.render;
    source.render = () => {
      source.renders += 1;
      return render();
    };
    snapshots.read({ node: NODE, handle, offset, size: 1 }, source);
    return source;
  };
  const small = snapshots.open();
  read("small", small);
  for (let file = 0; file < 100; file++) read("large", snapshots.open());
  for (let file = 0; file < 100_000; file++) snapshots.open();

  expect(snapshots.bytes).toBe(32 * 2 ** 20);
  expect(read("small", small, 1).renders).toBe(0);
});
