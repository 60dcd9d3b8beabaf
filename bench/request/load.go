package request

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callcontrol-go/callcontrol/bench/internal/procs"
)

// A sample is what one slice of a round has shown of one contender.
type sample struct {
	Calls, Errors int64
	FirstError    string
	Wall          time.Duration
	CPU           float64 // nanoseconds of this process a call, in user and kernel mode
	Allocs, Bytes float64 // a call
	P50, P99      time.Duration
}

// A load is how many workers make how many calls.
type load struct {
	Workers int
	Calls   int           // at most
	Limit   time.Duration // no call begins after it; zero is none
	Failing bool          // one worker more, on a member of which everything is answered 500, until the others are done
}

// A meter tells what this process has used between two moments.
type meter struct {
	began         time.Time
	cpu           int64
	allocs, bytes uint64
}

func startMeter() (m meter, err error) {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	m.allocs, m.bytes = mem.Mallocs, mem.TotalAlloc
	m.began = time.Now()
	m.cpu, err = procs.Used()
	return m, err
}

// stop tells it for each of n calls.
func (m meter) stop(n int64) (s sample, err error) {
	cpu, err := procs.Used()
	s.Wall = time.Since(m.began)
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	s.Calls = n
	each := 1 / float64(max(n, 1))
	s.CPU = float64(cpu-m.cpu) * each
	s.Allocs, s.Bytes = float64(mem.Mallocs-m.allocs)*each, float64(mem.TotalAlloc-m.bytes)*each
	return s, err
}

// latencies fills in the quantiles; the list is sorted.
func (s *sample) latencies(list []time.Duration) {
	if len(list) == 0 {
		return
	}
	slices.Sort(list)
	s.P50, s.P99 = list[(len(list)-1)*50/100], list[(len(list)-1)*99/100]
}

// failures counts calls that failed, and keeps the first error.
type failures struct {
	n     atomic.Int64
	once  sync.Once
	first string
}

func (f *failures) note(err error) {
	f.n.Add(1)
	f.once.Do(func() { f.first = err.Error() })
}

// closed makes calls with each worker beginning the next one when the last has ended.
func closed(l load, work []func() error, failing func() error) (sample, error) {
	took := make([]time.Duration, l.Calls)
	var next, made atomic.Int64
	var failed failures
	var workers, besides sync.WaitGroup
	var over atomic.Bool

	m, err := startMeter()
	if err != nil {
		return sample{}, err
	}
	for _, call := range work {
		workers.Go(func() {
			for {
				i := next.Add(1) - 1
				began := time.Now()
				if i >= int64(l.Calls) || l.Limit > 0 && began.Sub(m.began) > l.Limit {
					return
				}
				if err := call(); err != nil {
					failed.note(err)
				}
				took[i] = time.Since(began)
				made.Add(1)
			}
		})
	}
	if failing != nil {
		besides.Go(func() {
			for !over.Load() {
				_ = failing()
			}
		})
	}
	workers.Wait()
	s, err := m.stop(made.Load())
	over.Store(true)
	besides.Wait()
	if err != nil {
		return s, err
	}
	s.Errors, s.FirstError = failed.n.Load(), failed.first
	// A place that a worker took after the limit stayed empty.
	took = slices.DeleteFunc(took, func(d time.Duration) bool { return d == 0 })
	s.latencies(took)
	return s, nil
}

// A stream is load that comes by itself: calls begin when they are due, whether earlier ones have
// ended or not.
type stream struct {
	Workers int
	Rate    float64 // calls a second, on the average
	Calls   int
	Seed    uint64
}

// behind is how late a call may begin; one that is later is counted as having taken that time.
const behind = time.Second

// flowing makes calls at the moments of arrival, counted from the beginning. What a call has taken
// counts from its arrival, so that one that had to wait for another is not the quicker for it.
func flowing(arrivals []time.Duration, work []func() error) (sample, error) {
	took := make([]time.Duration, len(arrivals))
	due := make(chan int, len(arrivals))
	var failed failures
	var workers sync.WaitGroup
	clock, err := newAlarm()
	if err != nil {
		return sample{}, err
	}
	defer clock.close()

	m, err := startMeter()
	if err != nil {
		return sample{}, err
	}
	for _, call := range work {
		workers.Go(func() {
			for i := range due {
				arrived := m.began.Add(arrivals[i])
				if time.Since(arrived) < behind {
					if err := call(); err != nil {
						failed.note(err)
					}
				}
				took[i] = time.Since(arrived)
			}
		})
	}
	for i, at := range arrivals {
		if err = clock.sleepUntil(m.began.Add(at)); err != nil {
			break
		}
		due <- i
	}
	close(due)
	workers.Wait()
	s, stopped := m.stop(int64(len(arrivals)))
	s.Errors, s.FirstError = failed.n.Load(), failed.first
	s.latencies(took)
	if err == nil {
		err = stopped
	}
	return s, err
}
