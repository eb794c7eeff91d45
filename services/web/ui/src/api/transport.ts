import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";

import { identify } from "./identify";

const options = { baseUrl: window.location.origin, interceptors: [identify] };

// The protocol is Connect, with GET for what only reads; a page that was loaded with ?transport=grpc-web speaks gRPC-web.
export const transport: Transport =
  new URLSearchParams(window.location.search).get("transport") === "grpc-web"
    ? createGrpcWebTransport(options)
    : createConnectTransport({ ...options, useBinaryFormat: true, useHttpGet: true });
