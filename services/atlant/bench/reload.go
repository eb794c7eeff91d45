package bench

import "context"

// reportReload compares the second load, of the same list with some other prices, with the first one, and with what each
// stage and the import tool take.
func (j *journey) reportReload(ctx context.Context) error {
	r, rows := j.run, j.run.options.Products
	bare, err := r.stagesOf(ctx, rows)
	if err != nil {
		return err
	}
	updated, err := r.update(ctx)
	if err != nil {
		return err
	}
	f := Figure{Scenario: Reload, Name: untilVisible, Value: rate(rows, j.loads[1]), Unit: unitRate}
	f.than("first load", rate(rows, j.loads[0]), 3)
	f.than("store update", rate(rows, updated), 0)
	for _, s := range bare.all() {
		if s.name != bareInsert {
			f.than(s.name, rate(rows, s.took), 0)
		}
	}
	if err := r.addImports(ctx, &f, 1, 5, 3); err != nil {
		return err
	}
	r.add(f)
	j.addMemory(Reload, bare.listBytes)
	return nil
}
