package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"runtime"
	"sort"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// Constants as in src/measure/: the same work, the same medians.
const (
	batchNs        = 500_000
	batchesMin     = 15
	rounds         = 7
	roundBatches   = 60
	burst          = 100
	burstsWarmUp   = 20
	pauseNs        = 1_500_000
	paceNs         = 20_000
	eventsPerBurst = 50
)

func say(name string, value float64) { fmt.Printf("%s %v\n", name, value) }

func now() int64 { return int64(time.Since(begin)) }

var begin = time.Now()

func spin(ns int64) {
	for start := now(); now()-start < ns; {
	}
}

// pin keeps the locked OS thread on one core.
func pin(core int) {
	var set [128]byte
	set[core/8] |= 1 << (core % 8)
	syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, uintptr(len(set)), uintptr(unsafe.Pointer(&set)))
}

func percentile(values []float64, percent float64) float64 {
	sort.Float64s(values)
	return values[int(math.Round(percent/100*float64(len(values)-1)))]
}

func batchLen(f func(n int)) int {
	for n := 16; ; n *= 2 {
		start := now()
		f(n)
		if now()-start >= batchNs {
			return n
		}
	}
}

func nsPerEvent(ms float64, f func(n int)) float64 {
	batch := batchLen(f)
	var all []float64
	for start := now(); len(all) < batchesMin || float64(now()-start) < ms*1e6; {
		from := now()
		f(batch)
		all = append(all, float64(now()-from)/float64(batch))
	}
	return percentile(all, 50)
}

// allocations counts those of the whole process: Go keeps no count per thread. Nothing else runs meanwhile.
func allocations(f func(n int)) float64 {
	f(1000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f(1000)
	runtime.ReadMemStats(&after)
	return math.Round(float64(after.Mallocs-before.Mallocs)/1000*10) / 10
}

func repeat(f func(r *request)) func(n int) {
	return func(n int) {
		for i := 0; i < n; i++ {
			f(&requests[i%rows])
		}
	}
}

func inline(c *contestant, ms float64) {
	both := func(name string, f func(n int)) {
		say(name+"_ns", nsPerEvent(ms, f))
		say(name+"_allocations", allocations(f))
	}
	both("w1", repeat(c.w1))
	both("w2", repeat(c.bind()))
	both("w3", repeat(c.w3))
	both("w4", func(n int) {
		for i := 0; i < n; i++ {
			c.w4(&requests[i%rows], &wides[i%rows])
		}
	})
	batch := batchLen(repeat(c.bind()))
	one := millionPerSecond(c, 1, batch*roundBatches)
	two := millionPerSecond(c, 2, batch*roundBatches)
	say("threads1_meps", one)
	say("threads2_meps", two)
	say("scaling", two/one)
}

func millionPerSecond(c *contestant, threads, events int) float64 {
	var rates []float64
	for round := 0; round < rounds; round++ {
		var ready, done sync.WaitGroup
		ready.Add(threads)
		done.Add(threads)
		times := make([]float64, threads)
		for t := 0; t < threads; t++ {
			go func(t int) {
				runtime.LockOSThread()
				pin(t)
				f := repeat(c.bind())
				ready.Done()
				ready.Wait()
				start := now()
				f(events)
				times[t] = float64(now() - start)
				done.Done()
			}(t)
		}
		done.Wait()
		total := 0.0
		for _, ns := range times {
			total += float64(events) / ns * 1e3
		}
		rates = append(rates, total)
	}
	return percentile(rates, 50)
}

func caller(c *contestant, bursts int) {
	w2 := c.bind()
	event := repeat(w2)
	event(1)
	var perEvent []float64
	for i := 0; i < bursts+burstsWarmUp; i++ {
		start := now()
		event(burst)
		if i >= burstsWarmUp {
			perEvent = append(perEvent, float64(now()-start)/burst)
		}
		spin(pauseNs)
	}
	say("burst_ns", percentile(perEvent, 50))
	say("burst_p99_ns", percentile(perEvent, 99))
	singles := make([]float64, 0, bursts*eventsPerBurst)
	for i := 0; i < bursts*eventsPerBurst; i++ {
		start := now()
		w2(&requests[i%rows])
		end := now()
		singles = append(singles, float64(end-start))
		for now()-start < paceNs {
		}
	}
	say("paced_p50_ns", percentile(singles, 50))
	say("paced_p99_ns", percentile(singles, 99))
	say("paced_p999_ns", percentile(singles, 99.9))
	say("w2_allocations", allocations(event))
}

// sustained waits for the file to be complete, or to stand still for three seconds.
func sustained(c *contestant, path string, events int) {
	event := repeat(c.bind())
	event(1)
	start := now()
	event(events)
	caller := now() - start
	c.finish()
	done, size, lines := now(), int64(-1), 0
	for lines = count(path); lines < events+1 && now()-done < 3e9; {
		time.Sleep(2 * time.Millisecond)
		if info, err := os.Stat(path); err == nil && info.Size() != size {
			done, size = now(), info.Size()
			continue
		}
		lines = count(path)
	}
	say("sustained_keps", float64(lines)/float64(done-start)*1e6)
	say("caller_keps", float64(lines)/float64(caller)*1e6)
	say("lost", float64(events+1-lines))
}

func count(path string) int {
	data, err := os.ReadFile(path)
	check(err)
	return bytes.Count(data, []byte("\n"))
}

func show(c *contestant) {
	if c.w1 != nil {
		repeat(c.w1)(rows)
	}
	repeat(c.bind())(rows)
	if c.w4 != nil {
		for i := range requests {
			c.w3(&requests[i])
			c.w4(&requests[i], &wides[i])
		}
	}
}
