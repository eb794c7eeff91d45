import { Notice } from "./elements/notice";
import { useTitle } from "./elements/title";
import { ProductsPage } from "./products/page";
import { path } from "./router/location";
import { routeOf } from "./router/routes";
import { lazy } from "./shell/lazy";
import { Shell } from "./shell/shell";

// The first page is there at once; the others are loaded when they are gone to.
const ProductPage = lazy(() => import("./product/page").then((module) => module.ProductPage));
const FetchesPage = lazy(() => import("./fetches/page").then((module) => module.FetchesPage));
const FetchPage = lazy(() => import("./fetches/fetchpage").then((module) => module.FetchPage));
const DiffPage = lazy(() => import("./diff/page").then((module) => module.DiffPage));
const SourcesPage = lazy(() => import("./sources/page").then((module) => module.SourcesPage));
const AlertsPage = lazy(() => import("./alerts/page").then((module) => module.AlertsPage));
const AlertPage = lazy(() => import("./alerts/alertpage").then((module) => module.AlertPage));
const StatusPage = lazy(() => import("./status/page").then((module) => module.StatusPage));

export function App() {
  return (
    <Shell>
      <Page />
    </Shell>
  );
}

function Page() {
  const route = routeOf(path.value);
  switch (route.page) {
    case "products":
      return <ProductsPage />;
    case "product":
      return <ProductPage key={route.id} id={route.id} />;
    case "fetches":
      return <FetchesPage />;
    case "fetch":
      return <FetchPage key={route.id} id={route.id} />;
    case "diff":
      return <DiffPage />;
    case "sources":
      return <SourcesPage />;
    case "alerts":
      return <AlertsPage />;
    case "alert":
      return <AlertPage key={route.name} name={route.name} />;
    case "status":
      return <StatusPage />;
    case "nowhere":
      return <Nowhere />;
  }
}

function Nowhere() {
  useTitle("Not found");
  return (
    <Notice title="There is nothing here" whole>
      <p>The address may be mistyped, or of another version.</p>
      <a class="button" href="/">
        All products
      </a>
    </Notice>
  );
}
