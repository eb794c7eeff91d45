import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";

// The protocol is Connect, with GET for what only reads; a page that was loaded with ?transport=grpc-web speaks gRPC-web.
export const transport: Transport =
  new URLSearchParams(window.location.search).get("transport") === "grpc-web"
    ? createGrpcWebTransport({ baseUrl: window.location.origin })
    : createConnectTransport({ baseUrl: window.location.origin, useBinaryFormat: true, useHttpGet: true });
