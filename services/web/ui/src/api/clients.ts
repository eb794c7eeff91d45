import { createClient } from "@connectrpc/connect";

import { AlertService } from "../gen/atlant/v1/alert_pb";
import { FetchService } from "../gen/atlant/v1/fetch_pb";
import { ProductService } from "../gen/atlant/v1/product_pb";
import { ProjectionService } from "../gen/atlant/v1/projection_pb";
import { SourceService } from "../gen/atlant/v1/source_pb";
import { transport } from "./transport";

export const products = createClient(ProductService, transport);
export const fetches = createClient(FetchService, transport);
export const sources = createClient(SourceService, transport);
export const alerts = createClient(AlertService, transport);
export const projection = createClient(ProjectionService, transport);
