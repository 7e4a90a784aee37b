import { packageVersion } from "../../core/runtime/version.ts";
import { pathParameters, type Route } from "./route.ts";
import { reference, TEXT } from "./schema.ts";
import { SCHEMAS } from "./schemas.ts";

/** What the routes are, as an OpenAPI 3.1 document. */
export function renderOpenApi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: renderRoute(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "plimsoll",
      version: packageVersion(),
      description: "Containers with the life of a virtual machine, on one host. On a unix socket, for root.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://localhost", description: "the unix socket of plimsoll serve" }],
    paths,
    components: { schemas: SCHEMAS },
  };
}

function renderRoute(route: Route): object {
  const { answer, body, name, summary } = route;
  const parameters = renderParameters(route);
  const type = answer.isStream === true ? "application/x-ndjson" : "application/json";
  return {
    operationId: name,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    responses: {
      [answer.status]: { description: answer.description, content: { [type]: { schema: answer.schema } } },
      "4XX": {
        description:
          "400 what is asked is wrong, 404 it is not there, 405 not by this method, 409 things do not allow it",
        content: { "application/json": { schema: reference("Error") } },
      },
    },
  };
}

function renderParameters({ path, query = {}, isIdempotent }: Route): readonly object[] {
  return [
    ...pathParameters(path).map((name) => ({ name, in: "path", required: true, schema: TEXT })),
    ...Object.entries(query).map(([name, { schema, description }]) => ({
      ...{ name, in: "query", required: false, schema, description },
    })),
    ...(isIdempotent === true
      ? [
          {
            ...{ name: "idempotency-key", in: "header", required: false, schema: TEXT },
            description: "becomes the operation's id; asked again with it, it is the same operation",
          },
        ]
      : []),
  ];
}
