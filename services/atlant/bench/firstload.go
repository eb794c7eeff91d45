package bench

import "context"

// reportFirstLoad compares the first load with each of its stages alone, and with the import tool.
func (j *journey) reportFirstLoad(ctx context.Context) error {
	r, rows := j.run, j.run.options.Products
	bare, err := r.stagesOf(ctx, rows)
	if err != nil {
		return err
	}
	f := Figure{Scenario: FirstLoad, Name: untilVisible, Value: rate(rows, j.loads[0]), Unit: unitRate}
	slowest, took := bare.slowest()
	f.than("slowest: "+slowest, rate(rows, took), 0.8)
	for _, s := range bare.all() {
		f.than(s.name, rate(rows, s.took), 0)
	}
	if err := r.addImports(ctx, &f, 0, 1.5, 1); err != nil {
		return err
	}
	r.add(f)
	if !r.options.NoBaselines {
		published, err := r.publish(ctx, rows)
		if err != nil {
			return err
		}
		r.add(Figure{Scenario: FirstLoad, Name: "into the log alone", Value: rate(rows, published), Unit: unitRate}).
			than(barePublish, rate(rows, bare.publish), 0.8)
	}
	j.addMemory(FirstLoad, bare.listBytes)
	if j.log > 0 {
		r.add(Figure{
			Scenario: FirstLoad, Name: "log on the disk", Value: per(j.log, rows*len(j.loads)), Unit: unitBytes, AtMost: 60,
		}).than("messages", per(bare.messageBytes, rows), 0)
	}
	if j.view > 0 {
		r.add(Figure{Scenario: FirstLoad, Name: "views on the disk", Value: per(j.view, rows), Unit: unitBytes}).
			than("size of the list", per(bare.listBytes, rows), 0)
	}
	return nil
}

// addImports compares with the import of a version of the list into what holds the version before.
func (r *run) addImports(ctx context.Context, f *Figure, version int, indexed, plain float64) error {
	if r.place.OpenImport == nil || r.options.NoBaselines {
		return nil
	}
	for _, i := range []struct {
		name    string
		indexes bool
		target  float64
	}{{"import, same indexes", true, indexed}, {"import, no indexes", false, plain}} {
		imported, err := r.importsOf(ctx, i.indexes)
		if err != nil {
			return err
		}
		f.than(i.name, rate(r.options.Products, imported[version]), i.target)
	}
	return nil
}
