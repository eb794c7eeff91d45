import "uplot/dist/uPlot.min.css";

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";

import { formatPrice } from "../format/money";
import { formatMoment } from "../format/time";
import type { Price } from "../gen/atlant/v1/price_pb";
import { repainted } from "../shell/theme";
import { amountLabels, timeLabels } from "./axes";
import type { Point } from "./steps";

const height = 280;

interface Props {
  steps: readonly Point[];
  currency: string;
  label: string;
  /** Only what is not older than this, in milliseconds before the last step; all if it is 0. */
  span: number;
}

/** The steps of a price over time. Dragging zooms in, a double click zooms out. The pixels are floats, the figures are not. */
export function PriceChart({ steps, currency, label, span }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [pointed, point] = useState<{ index: number; left: number; top: number } | undefined>(undefined);
  const colours = repainted.value;

  useEffect(() => {
    const element = frame.current!;
    const options = optionsOf(element, currency, (chart) => {
      const index = chart.cursor.idx;
      const left = chart.cursor.left ?? -1;
      const y = index == null ? null : chart.data[1]![index];
      point(index == null || left < 0 || y == null ? undefined : { index, left: chart.valToPos(chart.data[0]![index]!, "x"), top: chart.valToPos(y, "y") });
    });
    const chart = new uPlot(options, dataOf(steps), element);
    plot.current = chart;
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [colours, currency]);

  useEffect(() => {
    plot.current?.setData(dataOf(steps), true);
    const last = steps.at(-1)?.time ?? 0;
    const first = steps[0]?.time ?? 0;
    if (span > 0 && last - span > first) {
      plot.current?.setScale("x", { min: (last - span) / 1_000, max: last / 1_000 });
    }
  }, [steps, span, colours, currency]);

  const shown = pointed && steps[pointed.index];
  return (
    <div class="chart" role="img" aria-label={label}>
      <div ref={frame} class="chart-frame">
        {shown && (
          <div class="chart-tip" style={tipPlace(pointed, frame.current!)}>
            <strong>{formatPrice({ amountMicros: shown.micros, currencyCode: currency } as Price)}</strong>
            <span>{formatMoment(shown.time)}</span>
          </div>
        )}
      </div>
    </div>
  );
}

function tipPlace({ left, top }: { left: number; top: number }, frame: HTMLElement) {
  const over = frame.querySelector<HTMLElement>(".u-over");
  const x = (over?.offsetLeft ?? 0) + left;
  const rightHalf = x > frame.clientWidth / 2;
  return {
    transform: `translate(${rightHalf ? `calc(${x}px - 100% - 12px)` : `${x + 12}px`}, ${Math.min(Math.max(top - 8, 0), height - 90)}px)`,
  };
}

function dataOf(steps: readonly Point[]): uPlot.AlignedData {
  return [steps.map(({ time }) => time / 1_000), steps.map(({ micros }) => Number(micros) / 1e6)];
}

function optionsOf(frame: HTMLElement, currency: string, onCursor: (chart: uPlot) => void): uPlot.Options {
  const colour = (name: string) => paintOf(frame, name);
  const font = `11px ${getComputedStyle(frame).fontFamily}`;
  const axis = {
    stroke: colour("--faint"),
    font,
    grid: { stroke: colour("--hairline"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: frame.clientWidth,
    height,
    padding: [12, 26, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 9, width: 2, fill: colour("--surface"), stroke: colour("--accent") },
      drag: { x: true, y: false, dist: 6 },
    },
    scales: { y: { range: (_, low, high) => rangeOf(low, high) } },
    axes: [
      { ...axis, grid: { show: false }, space: 68, size: 30, values: (_, splits, __, ___, step) => timeLabels(splits, step) },
      {
        ...axis,
        gap: 10,
        size: (_, values) => Math.max(...(values ?? [""]).map((value) => value.length), 2) * 6.5 + 18,
        values: (_, splits, __, ___, step) => amountLabels(splits, step, currency),
      },
    ],
    series: [
      {},
      {
        stroke: colour("--accent"),
        width: 2,
        fill: (chart) => fade(chart, colour("--accent-fade"), colour("--accent-gone")),
        paths: uPlot.paths.stepped!({ align: 1 }),
        points: { show: false },
      },
    ],
    hooks: { setCursor: [onCursor] },
  };
}

// A colour of styles/tokens.css as a canvas takes it, which knows neither the light nor the dark.
function paintOf(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
}

// A price that never moved is in the middle; one that did has some air around it.
function rangeOf(low: number | null, high: number | null): [number, number] {
  const from = low ?? 0;
  const to = high ?? 1;
  const air = from === to ? Math.max(Math.abs(from) / 10, 0.01) : (to - from) / 8;
  return [Math.max(from - air, from >= 0 ? 0 : -Infinity), to + air];
}

function fade(chart: uPlot, from: string, to: string): CanvasGradient | string {
  const { top, height } = chart.bbox;
  if (!Number.isFinite(top + height)) {
    return to;
  }
  const gradient = chart.ctx.createLinearGradient(0, top, 0, top + height);
  gradient.addColorStop(0, from);
  gradient.addColorStop(1, to);
  return gradient;
}
