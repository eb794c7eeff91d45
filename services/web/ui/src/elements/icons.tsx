import type { ComponentChildren } from "preact";

function icon(shape: ComponentChildren) {
  return () => (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      {shape}
    </svg>
  );
}

export const ProductsIcon = icon(<path d="M3 14h4v-4h4V6h6" />);
export const FetchesIcon = icon(<path d="M10 3v9m0 0 3.5-3.5M10 12 6.5 8.500M3.5 13v2.500a1 1 0 0 0 1 1h11a1 1 0 0 0 1-1V13" />);
export const SourcesIcon = icon(
  <>
    <ellipse cx="10" cy="5.5" rx="6" ry="2.5" />
    <path d="M4 5.500v4.500c0 1.4 2.7 2.5 6 2.500s6-1.1 6-2.500V5.500M4 10v4.500C4 15.9 6.7 17 10 17s6-1.1 6-2.500V10" />
  </>,
);
export const StatusIcon = icon(<path d="M2.5 10.500h3.500l2.5-6 3.5 11 2.5-5h3" />);
export const BellIcon = icon(<path d="M10 3a4.500 4.500 0 0 0-4.500 4.500c0 4-1.300 5.200-2 6.500h13c-.700-1.300-2-2.500-2-6.500A4.500 4.500 0 0 0 10 3ZM8.300 16.500a1.900 1.900 0 0 0 3.400 0" />);
export const SearchIcon = icon(
  <>
    <circle cx="9" cy="9" r="5" />
    <path d="m13 13 4 4" />
  </>,
);
export const SunIcon = icon(
  <>
    <circle cx="10" cy="10" r="3.2" />
    <path d="M10 2.500v1.500m0 12v1.500M2.5 10H4m12 0h1.500M4.7 4.700l1 1m8.6 8.6 1 1m0-10.6-1 1m-8.6 8.6-1 1" />
  </>,
);
export const MoonIcon = icon(<path d="M16.5 11.700A6.8 6.8 0 0 1 8.3 3.500a6.8 6.8 0 1 0 8.2 8.200Z" />);
export const AutoIcon = icon(
  <>
    <circle cx="10" cy="10" r="6.5" />
    <path d="M10 3.500a6.5 6.5 0 0 1 0 13Z" fill="currentColor" />
  </>,
);
export const HelpIcon = icon(
  <>
    <circle cx="10" cy="10" r="7" />
    <path d="M8 8a2 2 0 1 1 2.9 1.800c-.6.3-.9.7-.9 1.400v.300M10 14v.01" />
  </>,
);
export const SendIcon = icon(<path d="m16.500 3.500-13 5 5 2.500 2.500 5.500 5.500-13ZM8.500 11l3.500-3" />);
export const CloseIcon = icon(<path d="m5.5 5.5 9 9m0-9-9 9" />);
export const BackIcon = icon(<path d="M12 4.5 6.5 10l5.5 5.5" />);
export const FilterIcon = icon(<path d="M3 5.500h14M5.5 10h9M8 14.500h4" />);
export const UpIcon = icon(<path d="M10 5v10m0-10L6 9m4-4 4 4" />);
export const DownIcon = icon(<path d="M10 15V5m0 10-4-4m4 4 4-4" />);
export const CopyIcon = icon(
  <>
    <rect x="7" y="7" width="9" height="9" rx="2" />
    <path d="M13 7V5.500A1.5 1.5 0 0 0 11.5 4h-6A1.5 1.5 0 0 0 4 5.500v6A1.5 1.5 0 0 0 5.5 13H7" />
  </>,
);
export const CheckIcon = icon(<path d="m4.5 10.5 3.5 3.5 7.5-8" />);
export const PlusIcon = icon(<path d="M10 4v12M4 10h12" />);
export const AlertIcon = icon(<path d="M10 3.5 2.8 16h14.400L10 3.500Zm0 5v3.500m0 2v.01" />);
export const PauseIcon = icon(<path d="M7.5 5v10m5-10v10" />);
export const PlayIcon = icon(<path d="M6.5 4.500v11l9-5.5-9-5.500Z" />);
export const EditIcon = icon(<path d="m4 16 .7-3.300L13.5 4a1.4 1.4 0 0 1 2 0l.5.500a1.4 1.4 0 0 1 0 2L7.3 15.3 4 16Z" />);
export const TrashIcon = icon(<path d="M4 6h12M8 6V4.500h4V6m-6.5 0 .7 10h7.600l.7-10" />);
export const LinkIcon = icon(<path d="M11.5 4.500H15.500v4M15 5l-6 6M15.5 11.500v3a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1h3" />);
export const SwapIcon = icon(<path d="M4 7.5h11m0 0-3-3m3 3-3 3M16 13H5m0 0 3-3m-3 3 3 3" />);
export const DiffIcon = icon(<path d="M10 3.500v13M4 7h3M5.500 5.500v3M13.500 12.500h3" />);
export const DownloadIcon = icon(<path d="M10 3.500v9m0 0-3.500-3.500M10 12.500 13.500 9M4 15.500h12" />);
export const HistoryIcon = icon(<path d="M4.300 7.200a6.500 6.500 0 1 1-.800 3M4 3.800v3.500h3.500M10 6.500V10l2.500 1.500" />);
export const KeyIcon = icon(
  <>
    <circle cx="7" cy="13" r="3.5" />
    <path d="M9.5 10.500 16.500 3.500m-3 3 2.500 2.500" />
  </>,
);
