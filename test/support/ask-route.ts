import type { Reply, Route } from "../../collector/http/route.ts";

/** A route's reply to a request without a body, its pieces in one. */
export async function askRoute(
  route: Route | undefined,
  params: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, string>> = {},
): Promise<Reply & { readonly text: string }> {
  if (route === undefined) throw new Error("no such route");
  const readBody = async (): Promise<Buffer> => Buffer.alloc(0);
  const reply = await route.handle({
    headers: {},
    peer: "::1",
    params,
    query: new URLSearchParams(query),
    readBody,
  });
  return { ...reply, text: [...(reply.body ?? [])].join("") };
}
