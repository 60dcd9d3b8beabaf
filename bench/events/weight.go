package events

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A weight is what a process holds at one moment.
type weight struct {
	Goroutines int
	Stands     int64 // bytes of it that are in the machine's memory, as it stands
	Heap       int64 // bytes in use by the heap after a collection, what is free inside its spans included
	Stacks     int64 // bytes of stacks likewise
	Collected  int64 // as Stands, after a collection that gave back what it could
}

// weigh weighs this process.
func weigh() (w weight, err error) {
	w.Goroutines = runtime.NumGoroutine()
	if w.Stands, err = resident(); err != nil {
		return w, err
	}
	for range 3 { // pools are empty after the second, stacks shrink by half with each
		runtime.GC()
	}
	list := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
	}
	metrics.Read(list)
	w.Heap = int64(list[0].Value.Uint64() + list[1].Value.Uint64())
	w.Stacks = int64(list[2].Value.Uint64())
	debug.FreeOSMemory()
	w.Collected, err = resident()
	return w, err
}

// minus is what has been added since.
func (w weight) minus(base weight) weight {
	return weight{
		Goroutines: w.Goroutines - base.Goroutines, Stands: w.Stands - base.Stands,
		Heap: w.Heap - base.Heap, Stacks: w.Stacks - base.Stacks, Collected: w.Collected - base.Collected,
	}
}
