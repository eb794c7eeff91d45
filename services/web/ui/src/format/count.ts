const counts = new Intl.NumberFormat();

export const formatCount = (n: bigint | number): string => counts.format(n);

/** "1 product", "2 products". */
export function plural(n: bigint | number, one: string, many = `${one}s`): string {
  return `${formatCount(n)} ${BigInt(n) === 1n ? one : many}`;
}

const sizes = ["B", "KiB", "MiB", "GiB", "TiB"];

export function formatBytes(bytes: bigint): string {
  let size = Number(bytes);
  let unit = 0;
  while (size >= 1024 && unit < sizes.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(size < 10 ? 1 : 0)} ${sizes[unit]}`;
}
