// An HTTP server around Formwork. net/http gives every connection a goroutine, and Go a thread to each that is in C,
// so calls may block.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"os/signal"
	"path"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	bodyMost = 1 << 30
	jobsMost = 1024
)

// refusal is what this server itself has to say against a request.
type refusal struct {
	status        int
	kind, message string
}

func (r *refusal) Error() string { return r.message }

var (
	errPath   = &refusal{http.StatusNotFound, "not_found", "there is nothing at this path"}
	errJob    = &refusal{http.StatusNotFound, "not_found", "there is no such job"}
	errMethod = &refusal{http.StatusMethodNotAllowed, "invalid_request", "this path has no such method"}
	errTo     = &refusal{http.StatusBadRequest, "invalid_request", "`to` is missing: the format wanted"}
	errBody   = &refusal{http.StatusBadRequest, "invalid_request", "the file did not come whole"}
	errLarge  = &refusal{http.StatusRequestEntityTooLarge, "limit_exceeded", "the file is larger than 1 GiB"}
	errFull   = &refusal{http.StatusServiceUnavailable, "limit_exceeded", "too many jobs are waiting"}
	errNone   = &refusal{http.StatusConflict, "pending", "there is no result"}
)

type server struct {
	engine *Engine
	mutex  sync.Mutex
	// Jobs are used under the lock, since none may be destroyed while another goroutine uses it; no call that is made
	// of one here takes long.
	jobs map[uint64]*Job
	ring [jobsMost]uint64
	next int
	busy sync.WaitGroup
}

func sendJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func sendError(w http.ResponseWriter, err error) {
	var failure *Error
	if errors.As(err, &failure) {
		sendJSON(w, failure.HTTP, map[string]any{"error": failure.JSON})
		return
	}
	refused := &refusal{http.StatusInternalServerError, "internal", err.Error()}
	errors.As(err, &refused)
	told := map[string]string{"kind": refused.kind, "message": refused.message}
	sendJSON(w, refused.status, map[string]any{"error": told})
}

// sendOutput ends the output.
func sendOutput(w http.ResponseWriter, r *http.Request, output *Output) {
	defer output.Destroy()
	name := path.Base(output.Name())
	w.Header().Set("Content-Type", output.MediaType())
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(output, 0, output.Size()))
}

func receive(w http.ResponseWriter, r *http.Request) (*Input, error) {
	if r.ContentLength > bodyMost {
		return nil, errLarge
	}
	in := &Input{Options: map[string]string{}}
	for key, values := range r.URL.Query() {
		switch value := values[0]; key {
		case "to":
			in.To = value
		case "name":
			in.Name = value
		case "operation":
			in.Operation = value
		default:
			in.Options[key] = value
		}
	}
	if in.To == "" {
		return nil, errTo
	}
	var err error
	in.Data, err = io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMost))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, errLarge
	} else if err != nil {
		return nil, errBody
	}
	return in, nil
}

func (s *server) convert(w http.ResponseWriter, r *http.Request) error {
	in, err := receive(w, r)
	if err != nil {
		return err
	}
	// The context is done when the client hangs up.
	output, err := s.engine.Convert(r.Context(), in)
	if err != nil {
		return err
	}
	sendOutput(w, r, output)
	return nil
}

func (s *server) submit(w http.ResponseWriter, r *http.Request) error {
	in, err := receive(w, r)
	if err != nil {
		return err
	}
	job, err := s.engine.Submit(in)
	if err != nil {
		return err
	}
	id := job.ID()
	if err := s.add(id, job); err != nil {
		job.Cancel()
		job.Destroy()
		return err
	}
	sendJSON(w, http.StatusAccepted, map[string]string{"id": strconv.FormatUint(id, 10)})
	return nil
}

// add puts a job in the place of the oldest.
func (s *server) add(id uint64, job *Job) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if old, held := s.jobs[s.ring[s.next]]; held {
		if !old.Over() {
			return errFull
		}
		old.Destroy()
		delete(s.jobs, s.ring[s.next])
	}
	s.jobs[id] = job
	s.ring[s.next] = id
	s.next = (s.next + 1) % jobsMost
	return nil
}

// withJob does something with a job under the lock.
func (s *server) withJob(id string, do func(*Job) error) error {
	number, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return errPath
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	job, held := s.jobs[number]
	if !held {
		return errJob
	}
	return do(job)
}

func (s *server) status(w http.ResponseWriter, id string, cancel bool) error {
	var status json.RawMessage
	err := s.withJob(id, func(job *Job) (err error) {
		if cancel {
			job.Cancel()
		}
		status, err = job.Status()
		return err
	})
	if err == nil {
		sendJSON(w, http.StatusOK, status)
	}
	return err
}

func (s *server) result(w http.ResponseWriter, r *http.Request, id string) error {
	var output *Output
	err := s.withJob(id, func(job *Job) error {
		if failure := job.Failure(); failure != nil {
			var told *Error
			if errors.As(failure, &told) {
				told.HTTP = http.StatusConflict
			}
			return failure
		}
		if output = job.Output(); output == nil {
			return errNone
		}
		return nil
	})
	if err == nil {
		sendOutput(w, r, output)
	}
	return err
}

// http.ServeMux has no methods and no words in paths before Go 1.22.
func (s *server) answer(w http.ResponseWriter, r *http.Request) error {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	method := func(allowed ...string) bool {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		for _, one := range allowed {
			if r.Method == one {
				w.Header().Del("Allow")
				return true
			}
		}
		return false
	}
	switch {
	case len(parts) == 1 && parts[0] == "convert":
		if method(http.MethodPost) {
			return s.convert(w, r)
		}
	case len(parts) == 1 && parts[0] == "jobs":
		if method(http.MethodPost) {
			return s.submit(w, r)
		}
	case len(parts) == 2 && parts[0] == "jobs":
		if method(http.MethodGet, http.MethodDelete) {
			return s.status(w, parts[1], r.Method == http.MethodDelete)
		}
	case len(parts) == 3 && parts[0] == "jobs" && parts[2] == "result":
		if method(http.MethodGet) {
			return s.result(w, r, parts[1])
		}
	default:
		return errPath
	}
	return errMethod
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.busy.Add(1)
	defer s.busy.Done()
	if err := s.answer(w, r); err != nil {
		sendError(w, err)
	}
}

func run(address, cache string) error {
	engine, err := OpenEngine(cache)
	if err != nil {
		return err
	}
	defer engine.Close()
	s := &server{engine: engine, jobs: map[uint64]*Job{}}
	ending, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	web := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	fmt.Printf("listening on %s\n", address)
	select {
	case err := <-failed:
		return err
	case <-ending.Done():
	}
	engine.ShutDown() // what waits for it returns by itself
	patience, done := context.WithTimeout(context.Background(), time.Second)
	defer done()
	if web.Shutdown(patience) != nil {
		web.Close() // who sends or reads slowly
	}
	// The engine must not be closed under a request.
	s.busy.Wait()
	for _, job := range s.jobs {
		job.Destroy()
	}
	return nil
}

func main() {
	port := flag.Int("port", 8080, "port on 127.0.0.1")
	cache := flag.String("cache", "", "folder in which the engine remembers its plugins")
	flag.Parse()
	if err := run(fmt.Sprintf("127.0.0.1:%d", *port), *cache); err != nil {
		log.Fatal(err)
	}
}
