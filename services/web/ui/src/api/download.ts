import { sayFailure } from "../elements/toast";
import { key } from "./key";

/** Where files can be downloaded. */
const files = "/export/";

/** Downloads with the key what links lead to: a browser that follows a link by itself does not show it. */
export function downloadWithKey(): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest?.("a");
    if (!key.value || event.defaultPrevented || !link?.pathname.startsWith(files) || link.origin !== window.location.origin) {
      return;
    }
    event.preventDefault();
    download(link.href).catch(sayFailure);
  });
}

async function download(url: string): Promise<void> {
  const response = await fetch(url, { headers: { Authorization: `Bearer ${key.value}` } });
  if (!response.ok) {
    throw new Error((await response.text()).trim() || response.statusText);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = new URL(url).pathname.slice(files.length);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // once it is saved
}
