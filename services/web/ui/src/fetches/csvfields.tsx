import { create } from "@bufbuild/protobuf";

import { textOf } from "../elements/fieldtext";
import type { CsvOptions } from "../gen/atlant/v1/fetch_pb";
import { CsvOptionsSchema } from "../gen/atlant/v1/fetch_pb";

/** What one can say of how to read a list; the rest is found out. */
export function CsvFields({ csv }: { csv?: CsvOptions }) {
  return (
    <div class="fields many">
      <div class="field">
        <label for="csv-delimiter">Columns are split by</label>
        <select id="csv-delimiter" name="delimiter" defaultValue={csv?.delimiter ?? ""}>
          <option value="">Found out</option>
          <option value=";">Semicolon ;</option>
          <option value=",">Comma ,</option>
          <option value="|">Bar |</option>
          <option value={"\t"}>Tab</option>
        </select>
      </div>
      <div class="field">
        <label for="csv-decimal">Decimal mark</label>
        <select id="csv-decimal" name="decimal-mark" defaultValue={csv?.decimalMark ?? ""}>
          <option value="">Found out</option>
          <option value=".">Point 1.50</option>
          <option value=",">Comma 1,50</option>
        </select>
      </div>
      <CsvText name="encoding" label="Encoding" longest={64} placeholder="found out" value={csv?.encoding} />
      <CsvText name="name-columns" label="Name columns" longest={400} placeholder="Brand, Article or 1, 2" value={csv?.nameColumns.join(", ")} />
      <CsvText name="price-column" label="Price column" longest={200} placeholder="Price or 3" value={csv?.priceColumn} />
      <CsvText name="date-column" label="Date column" longest={200} placeholder="none" value={csv?.observedAtColumn} />
    </div>
  );
}

function CsvText({ name, label, longest, placeholder, value = "" }: { name: string; label: string; longest: number; placeholder: string; value?: string }) {
  const id = `csv-${name}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} name={name} maxLength={longest} autocomplete="off" spellcheck={false} placeholder={placeholder} defaultValue={value} />
    </div>
  );
}

/** What the fields say, over what was said of other things. */
export function readCsv(values: FormData, before = create(CsvOptionsSchema)): CsvOptions {
  return {
    ...before,
    delimiter: String(values.get("delimiter") ?? ""), // a tab is one
    decimalMark: textOf(values, "decimal-mark"),
    encoding: textOf(values, "encoding"),
    nameColumns: textOf(values, "name-columns").split(",").map((name) => name.trim()).filter(Boolean),
    priceColumn: textOf(values, "price-column"),
    observedAtColumn: textOf(values, "date-column"),
  };
}
