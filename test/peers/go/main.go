// Go's clientv3 as a peer: it measures (mode "measure") or keeps a load up and tells its failures (mode "load").
// Both speak one JSON document a line on stdin and stdout, as the peers in Node do.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

type order struct {
	Op       string  `json:"op"`
	InFlight int     `json:"inFlight"`
	Ms       float64 `json:"ms"`
}

type result struct {
	Ops        int     `json:"ops"`
	Failed     int     `json:"failed"`
	OpsPerS    float64 `json:"opsPerS"`
	P50Ms      float64 `json:"p50Ms"`
	P99Ms      float64 `json:"p99Ms"`
	CPUUsPerOp float64 `json:"cpuUsPerOp"`
}

const keys = 1000

// Of the load, as the loads in Node have them (test/safety/cut-off/loads.ts).
const (
	limit = 1000 * time.Millisecond
	pause = 5 * time.Millisecond
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: peer measure|load ENDPOINT,ENDPOINT")
		os.Exit(2)
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   strings.Split(os.Args[2], ","),
		DialTimeout: 5 * time.Second,
		Logger:      zap.NewNop(),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	if os.Args[1] == "load" {
		load(client)
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		answer(measure(client, o))
	}
}

func answer(value any) {
	text, _ := json.Marshal(value)
	fmt.Println(string(text))
}

func cpu() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	us := func(t syscall.Timeval) float64 { return float64(t.Sec)*1e6 + float64(t.Usec) }
	return us(usage.Utime) + us(usage.Stime)
}

func measure(client *clientv3.Client, o order) result {
	value := strings.Repeat("x", 256)
	end := time.Now().Add(time.Duration(o.Ms * float64(time.Millisecond)))
	var next, failed atomic.Int64
	took := make([][]float64, o.InFlight)
	cpuBefore, began := cpu(), time.Now()
	var lanes sync.WaitGroup
	for lane := range o.InFlight {
		lanes.Add(1)
		go func() {
			defer lanes.Done()
			for {
				start := time.Now()
				if start.After(end) {
					return
				}
				key := fmt.Sprintf("bench/%d", next.Add(1)%keys)
				var err error
				if o.Op == "put" {
					_, err = client.Put(context.Background(), key, value)
				} else {
					_, err = client.Get(context.Background(), key)
				}
				if err != nil {
					failed.Add(1)
				}
				took[lane] = append(took[lane], float64(time.Since(start).Microseconds())/1000)
			}
		}()
	}
	lanes.Wait()
	seconds, used := time.Since(began).Seconds(), cpu()-cpuBefore
	var all []float64
	for _, each := range took {
		all = append(all, each...)
	}
	sort.Float64s(all)
	at := func(q float64) float64 { return all[min(len(all)-1, int(q*float64(len(all))))] }
	n := float64(len(all))
	return result{len(all), int(failed.Load()), n / seconds, at(0.5), at(0.99), used / n}
}

// load puts and gets in four lanes, each call with a limit, until stdin ends; one line for each call, as soon as it is over.
func load(client *clientv3.Client) {
	var over atomic.Bool
	var lanes sync.WaitGroup
	var out sync.Mutex
	call := func(do func(context.Context) error) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		err := do(ctx)
		cancel()
		text := ""
		if err != nil {
			text = err.Error()
		}
		out.Lock()
		answer(map[string]any{"error": text, "beganMs": began.UnixMilli(), "tookMs": time.Since(began).Milliseconds()})
		out.Unlock()
		time.Sleep(pause)
	}
	for lane := range 4 {
		lanes.Add(1)
		go func() {
			defer lanes.Done()
			for count := 0; !over.Load(); count++ {
				key := fmt.Sprintf("go/%d/%d", lane, count%50)
				call(func(ctx context.Context) error { _, err := client.Put(ctx, key, "v"); return err })
				call(func(ctx context.Context) error { _, err := client.Get(ctx, key); return err })
			}
		}()
	}
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	over.Store(true)
	lanes.Wait()
}
