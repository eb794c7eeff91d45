import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Failure } from "../elements/notice";

/** A component whose code is loaded when it is first shown. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [Component, setComponent] = useState<ComponentType<P> | undefined>(() => loaded);
    const [failure, setFailure] = useState<unknown>(undefined);
    useEffect(() => {
      if (!loaded) {
        load().then((component) => {
          loaded = component;
          setComponent(() => component);
        }, setFailure);
      }
    }, []);
    if (failure) {
      return <Failure error={failure} whole onRetry={() => window.location.reload()} />; // another version may be in its place
    }
    return Component ? <Component {...props} /> : null;
  };
}
