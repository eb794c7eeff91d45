import { BackIcon } from "./icons";

interface Props {
  /** The address of the page above, and its name. */
  to: string;
  name: string;
  onClick?: (event: MouseEvent) => void;
}

/** Leads from a page to the one above it. */
export function Crumb({ to, name, onClick }: Props) {
  return (
    <nav aria-label="Where this is">
      <a class="crumb" href={to} onClick={onClick}>
        <BackIcon />
        {name}
      </a>
    </nav>
  );
}
