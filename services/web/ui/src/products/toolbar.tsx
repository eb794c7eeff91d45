import { useEffect, useRef, useState } from "preact/hooks";

import { CloseIcon, FilterIcon, SearchIcon } from "../elements/icons";
import { decimalText, parseMicros } from "../format/money";
import { navigate } from "../router/location";
import { addKeys } from "../shell/keyboard";
import type { Filters, Sort } from "./filters";
import { descendingFirst, narrows, sinceSpans, sortsOfThePast, withoutFilters, writeFilters } from "./filters";
import { sourceNames } from "./sourcenames";

const typingPause = 160; // milliseconds without a key before one searches

// A choice can be gone back from; letters of a word, one by one, cannot.
function go(filters: Filters, { replace = false } = {}): void {
  navigate("/" + writeFilters(filters), { replace });
}

export function Toolbar({ filters }: { filters: Filters }) {
  const [open, setOpen] = useState(false);
  const narrowed = narrows({ ...filters, query: "" });
  return (
    <div class="toolbar" role="search">
      <div class="toolbar-main">
        <SearchBox filters={filters} />
        <button
          type="button"
          class={narrowed ? "button filters-toggle marked" : "button filters-toggle"}
          aria-expanded={open}
          aria-controls="filters"
          onClick={() => setOpen(!open)}
        >
          <FilterIcon />
          Filters
        </button>
      </div>
      <div id="filters" class={open ? "filters open" : "filters"}>
        <SourceFilter filters={filters} />
        <PriceFilter filters={filters} />
        <SinceFilter filters={filters} />
        <AsOfFilter filters={filters} />
        <SortChoice filters={filters} />
        {narrows(filters) && (
          <button type="button" class="button plain" onClick={() => go(withoutFilters(filters))}>
            <CloseIcon />
            Clear
          </button>
        )}
      </div>
    </div>
  );
}

function SearchBox({ filters }: { filters: Filters }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(filters.query);
  const typed = useRef(filters.query); // what the URL will say once typing pauses
  const timer = useRef(0);
  useEffect(() => {
    if (filters.query !== typed.current) {
      typed.current = filters.query; // back, forward or Clear
      setText(filters.query);
    }
  }, [filters.query]);
  const search = (value: string, wait: number) => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      const replace = typed.current !== "" && value !== "";
      typed.current = value;
      go({ ...filters, query: value }, { replace });
    }, wait);
  };
  useEffect(
    () =>
      addKeys({
        "/": () => {
          input.current!.focus();
          input.current!.select();
        },
      }),
    [],
  );
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div class="search">
      <SearchIcon />
      <input
        ref={input}
        type="search"
        aria-label="Search products"
        placeholder="Search products"
        maxLength={256}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => search(event.currentTarget.value, typingPause)}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            search(text, 0);
          } else if (event.key === "Escape" && text) {
            search("", 0);
            event.preventDefault();
          } else if (event.key === "ArrowDown") {
            event.preventDefault();
            document.querySelector<HTMLElement>(".product-row a")?.focus();
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}

function SourceFilter({ filters }: { filters: Filters }) {
  useEffect(() => void sourceNames.load(), []);
  const names = new Set(sourceNames.known.value);
  if (filters.source) {
    names.add(filters.source);
  }
  return (
    <label class="field-inline">
      <span class="unseen">Source</span>
      <select value={filters.source} onChange={(event) => go({ ...filters, source: event.currentTarget.value })}>
        <option value="">All sources</option>
        {[...names].sort().map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function PriceFilter({ filters }: { filters: Filters }) {
  return (
    <div class="price-range" role="group" aria-label="Price">
      <PriceInput label="Lowest price" placeholder="Min price" value={filters.minPrice} onValue={(minPrice) => go({ ...filters, minPrice })} />
      <span aria-hidden="true">–</span>
      <PriceInput label="Highest price" placeholder="Max price" value={filters.maxPrice} onValue={(maxPrice) => go({ ...filters, maxPrice })} />
    </div>
  );
}

interface PriceInputProps {
  label: string;
  placeholder: string;
  value: bigint | undefined;
  onValue: (value: bigint | undefined) => void;
}

function PriceInput({ label, placeholder, value, onValue }: PriceInputProps) {
  const written = value === undefined ? "" : decimalText(value);
  const [text, setText] = useState(written);
  useEffect(() => setText(written), [written]);
  const bad = text.trim() !== "" && parseMicros(text) === undefined;
  return (
    <input
      inputMode="decimal"
      size={8}
      aria-label={label}
      aria-invalid={bad}
      placeholder={placeholder}
      value={text}
      onInput={(event) => setText(event.currentTarget.value)}
      onChange={() => bad || onValue(parseMicros(text))}
    />
  );
}

const sinceNames: Record<string, string> = {
  "1h": "Changed in the last hour",
  "24h": "Changed in the last 24 hours",
  "7d": "Changed in the last 7 days",
  "30d": "Changed in the last 30 days",
};

function SinceFilter({ filters }: { filters: Filters }) {
  const isDate = filters.since !== "" && !Object.hasOwn(sinceSpans, filters.since);
  const [picking, setPicking] = useState(false);
  const choose = (value: string) => {
    setPicking(value === "date");
    if (value !== "date") {
      go({ ...filters, since: value, asOf: "" });
    }
  };
  return (
    <>
      <label class="field-inline">
        <span class="unseen">Changed since</span>
        <select value={isDate || picking ? "date" : filters.since} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">Changed at any time</option>
          {Object.keys(sinceSpans).map((span) => (
            <option key={span} value={span}>
              {sinceNames[span]}
            </option>
          ))}
          <option value="date">Changed since…</option>
        </select>
      </label>
      {(isDate || picking) && (
        <input
          type="date"
          aria-label="Changed since the day"
          value={isDate ? filters.since : ""}
          onChange={(event) => go({ ...filters, since: event.currentTarget.value, asOf: "" })}
        />
      )}
    </>
  );
}

/** The catalogue of the past, which has fewer sorts and no changes of later. */
function AsOfFilter({ filters }: { filters: Filters }) {
  const [picking, setPicking] = useState(false);
  const set = (asOf: string) => {
    const sort: Sort = !asOf || sortsOfThePast.includes(filters.sort) ? filters.sort : "name";
    go({ ...filters, asOf, since: asOf ? "" : filters.since, sort, descending: sort === filters.sort && filters.descending });
  };
  return (
    <>
      <label class="field-inline">
        <span class="unseen">Prices of</span>
        <select
          value={filters.asOf || picking ? "past" : ""}
          onChange={(event) => {
            setPicking(event.currentTarget.value !== "");
            if (event.currentTarget.value === "" && filters.asOf) {
              set("");
            }
          }}
        >
          <option value="">Prices now</option>
          <option value="past">Prices as of…</option>
        </select>
      </label>
      {(filters.asOf || picking) && (
        <input type="datetime-local" aria-label="Prices as of" value={filters.asOf} onChange={(event) => set(event.currentTarget.value)} />
      )}
    </>
  );
}

const sortNames: [Sort, string, string][] = [
  ["name", "Name, A first", "Name, Z first"],
  ["price", "Cheapest first", "Dearest first"],
  ["changes", "Fewest changes first", "Most changes first"],
  ["changed", "Longest unchanged first", "Last changed first"],
  ["first-seen", "Oldest first", "Newest first"],
];

/** What the heads of the columns do where there is no room for them. */
function SortChoice({ filters }: { filters: Filters }) {
  const value = (filters.descending ? "-" : "") + filters.sort;
  return (
    <label class="field-inline sort-choice">
      <span class="unseen">Sort</span>
      <select
        value={value}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          go({ ...filters, sort: chosen.replace(/^-/, "") as Sort, descending: chosen.startsWith("-") });
        }}
      >
        {sortNames
          .filter(([sort]) => !filters.asOf || sortsOfThePast.includes(sort))
          .flatMap(([sort, ascending, descending]) => {
            const both = [
              <option value={sort}>{ascending}</option>,
              <option value={`-${sort}`}>{descending}</option>,
            ];
            return descendingFirst[sort] ? both.reverse() : both;
          })}
      </select>
    </label>
  );
}
